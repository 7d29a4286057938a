// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Redis port's policy, without sockets. Commands go in, calls go out to the Backend, answers come back,
// and bytes collect in each session's output. Every command becomes a reply at once, one call to a vShard, or
// a job over several (edge/resp/job.h). Pure apart from what it is given: time, luck and memory figures are
// arguments. Owned by the net thread.

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/memory.h"
#include "base/rng.h"
#include "base/time.h"
#include "edge/resp/command_stats.h"
#include "edge/resp/options.h"
#include "edge/resp/session.h"
#include "edge/resp/topology.h"
#include "kv/command.h"

namespace nodedb::resp {

struct Counters {
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;
  std::uint64_t connections_evicted = 0;  ///< they held most when all together held too much
  std::uint64_t commands_processed = 0;
  std::uint64_t error_replies = 0;
  std::uint64_t calls = 0;
  std::uint64_t calls_failed = 0;
  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
};

/// Facts about the process that only the outside knows.
struct ProcessFacts {
  int pid = 0;
  std::uint16_t port = 0;
  std::size_t resident_bytes = 0;
  Time started;
};

class Gateway final : public Outlet {
 public:
  Gateway(Options options, Backend& backend, Rng rng);

  // --- connections ---
  Session& open(std::string peer, std::string local, Time now);
  void close(SessionId id);
  Session* find(SessionId id);
  const std::map<SessionId, std::unique_ptr<Session>>& sessions() const { return sessions_; }

  /// Pre: `argv` has at least one word; the session is not closing.
  void execute(Session& session, const kv::Argv& argv, Now now);
  /// The stream is not the Redis protocol any more: says so and closes.
  void protocol_error(Session& session, const std::string& text);

  /// The answer to the call with `tag`; sessions that got output are in `take_touched`.
  void completed(std::uint64_t tag, Result<Blob> answer);
  /// Sessions that were answered, or killed, since the last call.
  std::vector<SessionId> take_touched();

  /// Whether another command should be taken from this session now.
  bool may_read(const Session& session) const;
  /// Requests and answers held for all sessions, as of the last `measure` of each.
  std::size_t held_bytes() const { return held_bytes_; }
  /// Call after a session's output was written or a command executed. May kill a session: of all, the one
  /// that holds most, once they hold too much together.
  void measure(const Session& session);

  void set_routing(std::shared_ptr<const node::Routing> routing) { topology_ = Topology(std::move(routing)); }
  /// What the node's memory is used for, for INFO.
  void set_memory_table(std::function<MemoryTable()> table) { memory_table_ = std::move(table); }
  MemoryTable memory_table() const { return memory_table_ ? memory_table_() : MemoryTable{}; }
  void set_process_facts(std::function<ProcessFacts()> facts) { process_facts_ = std::move(facts); }

  // --- for the command handlers ---
  const Options& options() const { return options_; }
  const Topology& topology() const { return topology_; }
  Counters& counters() { return counters_; }
  CommandStats& command_stats() { return command_stats_; }
  ProcessFacts process() const { return process_facts_ ? process_facts_() : ProcessFacts{}; }
  Rng& rng() { return rng_; }
  void kill(Session& session);
  std::size_t open_calls() const { return slots_.size() - free_.size(); }

  void send(const Asker& asker, VShardCall call) override;
  void erred(std::string_view command, const kv::Reply& error) override;

 private:
  struct Slot {
    Asker asker;
    std::uint32_t generation = 0;
    bool used = false;
  };

  /// Sets `ran` to the command's name unless it was refused or queued.
  Outcome dispatch(Session& session, const kv::Argv& argv, Now now, std::string_view& ran);
  Outcome refuse_known(Session& session, const kv::CommandSpec& spec, std::string_view text);
  void touch(SessionId id);
  void evict_largest();

  Options options_;
  Backend& backend_;
  Rng rng_;
  Topology topology_;
  Counters counters_;
  CommandStats command_stats_;
  std::function<ProcessFacts()> process_facts_;
  std::function<MemoryTable()> memory_table_;

  SessionId next_session_ = 1;
  std::map<SessionId, std::unique_ptr<Session>> sessions_;
  struct Held {
    std::size_t bytes = 0;
    std::size_t called_up = 0;  ///< answers to be expected
  };
  std::unordered_map<SessionId, Held> held_;
  std::size_t held_bytes_ = 0;
  std::size_t called_up_bytes_ = 0;
  std::vector<SessionId> touched_;

  std::vector<Slot> slots_;  ///< open calls; a tag is generation << 32 | place
  std::vector<std::uint32_t> free_;
};

}  // namespace nodedb::resp
