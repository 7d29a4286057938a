// SPDX-License-Identifier: Apache-2.0
#pragma once

// Three founders with one vShard, in one thread: what they send arrives at once, what they write is durable
// and applied at once, unless one of their parts is stuck. Time passes only when it is told to.

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/slot.h"
#include "kv/argv.h"
#include "kv/command.h"
#include "kv/machine.h"
#include "meta/machine.h"
#include "node/applier.h"
#include "node/namespaces.h"
#include "node/store.h"
#include "tests/unit/node/founder.h"
#include "tests/unit/node/memory_store.h"

namespace nodedb::node::test {

class Trio {
 public:
  /// `rows` of group 0, beside those of the genesis.
  explicit Trio(const std::vector<Put>& rows = {}) {
    for (std::size_t i = 0; i < members_.size(); ++i) members_[i] = std::make_unique<Member>(i, rows, now_);
    for (std::size_t i = 0; i < members_.size(); ++i)
      for (std::size_t peer = 0; peer < members_.size(); ++peer)
        if (peer != i) step(i, {PeerConnected{uuid(static_cast<std::uint8_t>(peer + 1)), ""}});
    settle();
    for (int i = 0; i < 1'000 && !led(); ++i) pass(10);
    CHECK(led());
    pass(3'000);  // every hint and lease stands
  }

  std::size_t leader() const {
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (members_[i]->node.group(group_of(vshard))->settled()) return i;
    CHECK(false);
    return 0;
  }
  std::size_t follower() const { return (leader() + 1) % 3; }
  Time now() const { return now_.mono; }

  /// The answer, once it is there, is in `replies`.
  void ask(std::size_t i, ClientRequest request) {
    step(i, {std::move(request)});
    settle();
  }
  void hand_over(std::size_t from, std::size_t to) {
    step(from, {TransferLeader{0, group_of(vshard), NodeId(static_cast<std::uint32_t>(to + 1))}});
    settle();
  }
  void pass(std::int64_t ms) {
    for (; ms > 0; ms -= 10) {
      now_.mono = now_.mono + 10 * ns_per_ms;
      now_.wall.ns += 10 * ns_per_ms;
      for (std::size_t i = 0; i < members_.size(); ++i) step(i, {Wake{}});
      settle();
    }
  }

  static ClientRequest write(std::uint64_t tag, std::string_view value = "v") {
    ClientRequest made{tag, vshard, true, Blob(kv::encode(kv::Argv{"SET", key(), value}))};
    return made;
  }
  static ClientRequest read(std::uint64_t tag, ReadLevel level) {
    ClientRequest made{tag, vshard, false, Blob(kv::encode(kv::Argv{"GET", key()}))};
    made.level = level;
    return made;
  }

  static constexpr VShardId vshard{0};
  // What is stuck goes on where it was.
  std::array<bool, 3> disk_stuck{};
  std::array<bool, 3> apply_stuck{};
  std::array<bool, 3> deaf{};  ///< hears nobody
  std::map<std::uint64_t, Result<Blob>> replies;
  std::vector<std::pair<std::size_t, RequestPath>> told;  ///< and by whom
  std::size_t large_replies = 0;                          ///< sent by anybody

 private:
  /// One of that vShard.
  static const std::string& key() {
    static const std::string found = [] {
      for (int i = 0;; ++i)
        if (std::string tried = "k" + std::to_string(i); vshard_of_slot(slot_of(tried)) == vshard)
          return tried;
    }();
    return found;
  }
  struct Written {
    std::optional<std::uint64_t> id;
    std::vector<wire::Outbound> after;
  };
  struct Member {
    Member(std::size_t place, const std::vector<Put>& rows, Now now)
        : node(make(static_cast<std::uint8_t>(place + 1), rows, now)) {
      GroupStateUpdate genesis_rows{metadata_group, {}, birth};
      for (const Put& row : meta::rows_of(genesis())) genesis_rows.writes.push_back(to_stored(row));
      for (const Put& row : rows) genesis_rows.writes.push_back(to_stored(row));
      CHECK(store.write({genesis_rows}).has_value());
    }
    static Node make(std::uint8_t number, const std::vector<Put>& rows, Now now) {
      Options options = founder_options(number);
      options.check_command = kv::check_entry;
      Boot boot = founder_boot(number);
      boot.metadata.insert(boot.metadata.end(), rows.begin(), rows.end());
      return Node::create(options, std::move(boot), Rng(number), now).value();
    }

    MemoryStore store;
    kv::Machine data_machine;
    meta::Machine metadata_machine;
    Applier applier{store, data_machine, metadata_machine};
    Node node;
    std::deque<Written> disk;
    std::deque<StateTask> tasks;
    std::deque<std::pair<Uuid, wire::PeerMessage>> heard;  ///< and from whom
  };

  bool led() const {
    const auto settled = [](const auto& one) { return one->node.group(group_of(vshard))->settled(); };
    return std::ranges::any_of(members_, settled);
  }

  void step(std::size_t i, std::vector<Event> events) {
    Member& member = *members_[i];
    Turn turn = member.node.step(now_, std::move(events));
    send(i, std::move(turn.send_now));
    std::optional<std::uint64_t> id;
    if (turn.log) id = turn.log->id;
    if (id || !turn.send_after.empty()) member.disk.push_back({id, std::move(turn.send_after)});
    for (StateTask& task : turn.tasks) member.tasks.push_back(std::move(task));
    for (RequestPath& path : turn.paths) told.emplace_back(i, std::move(path));
    for (ClientReply& reply : turn.replies) replies.insert_or_assign(reply.tag, std::move(reply.result));
  }

  void send(std::size_t from, std::vector<wire::Outbound> messages) {
    for (wire::Outbound& one : messages) {
      const std::size_t to = one.to.bytes[0] - 1u;
      if (std::holds_alternative<wire::LargeReply>(one.message)) ++large_replies;
      members_[to]->heard.emplace_back(uuid(static_cast<std::uint8_t>(from + 1)), std::move(one.message));
    }
  }

  void settle() {
    while (true) {
      std::size_t done = 0;
      for (std::size_t i = 0; i < members_.size(); ++i) done += work(i);
      if (done == 0) return;
    }
  }
  /// How many of its parts had something to do.
  std::size_t work(std::size_t i) {
    Member& member = *members_[i];
    std::vector<Event> events;
    if (!disk_stuck[i]) {
      for (Written& one : std::exchange(member.disk, {})) {
        send(i, std::move(one.after));
        if (one.id) events.emplace_back(LogDurable{*one.id});
      }
    }
    if (!apply_stuck[i]) {
      for (const StateTask& task : std::exchange(member.tasks, {}))
        events.emplace_back(FromState{member.applier.run(task).value().done});
    }
    if (!deaf[i]) {
      for (auto& [from, message] : std::exchange(member.heard, {}))
        events.emplace_back(FromPeer{from, std::move(message)});
    }
    const std::size_t count = events.size();
    if (count > 0) step(i, std::move(events));
    return count;
  }

  Now now_{Time{ns_per_s}, WallTime{1'700'000'000 * ns_per_s}};
  std::array<std::unique_ptr<Member>, 3> members_;
};

}  // namespace nodedb::node::test
