// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small world for one Raft group: N nodes with their Liveness and a disk that takes its time, on a network
// that delays, loses, repeats and cuts. One seed draws everything. Checks ClusterChecker and the local rules
// after every step. The real node is composed in src/node; this is only as much of it as a group needs.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "raft/group.h"
#include "raft/invariants.h"

namespace nodedb::raft::test {

struct Climate {
  std::int64_t delay_min_ns = 100 * ns_per_us;
  std::int64_t delay_max_ns = 5 * ns_per_ms;
  double loss = 0;
  double repeat = 0;
  std::int64_t persist_min_ns = 100 * ns_per_us;
  std::int64_t persist_max_ns = 5 * ns_per_ms;
  std::int64_t pulse_ns = 100 * ns_per_ms;
};

class World {
 public:
  World(std::uint64_t seed, std::vector<std::uint32_t> nodes, Config config, Options options = {},
        PlantedBugs bugs = {});

  // --- time ---
  Time now() const { return now_; }
  /// Runs for so long, or until `until` holds. True if it does (or, without one, if no rule broke).
  bool run(std::int64_t for_ns, const std::function<bool()>& until = {});

  // --- faults ---
  Climate climate;
  void crash(std::uint32_t node);
  void restart(std::uint32_t node);
  bool up(std::uint32_t node) const { return nodes_.at(node).group != nullptr; }
  void cut(std::uint32_t from, std::uint32_t to) { cuts_.insert({from, to}); }
  void isolate(std::uint32_t node);
  void heal() { cuts_.clear(); }
  /// Messages of these kinds (Message::index) are dropped.
  std::set<std::size_t> dropped_kinds;

  // --- requests ---
  Group& group(std::uint32_t node) { return *nodes_.at(node).group; }
  const Liveness& live(std::uint32_t node) { return *nodes_.at(node).live; }
  /// The leader of the highest term among those that are up; 0 if there is none.
  std::uint32_t leader() const;
  bool elect(std::int64_t within_ns = 10 * ns_per_s);
  Result<Position> propose(std::uint32_t node, std::string command);
  /// Asks for a linearizable read; the outcome is checked against what was acknowledged before.
  void read(std::uint32_t node);
  /// To be called after any direct use of `group`.
  void drain(std::uint32_t node);
  void compact(std::uint32_t node, std::size_t keep_bytes);

  // --- what happened ---
  /// The first broken rule, of any kind.
  const std::optional<std::string>& broken() const { return broken_; }
  const std::vector<Entry>& applied(std::uint32_t node) const { return nodes_.at(node).applied; }
  std::vector<std::uint32_t> ids() const;
  /// All that are up hold the same log end, have applied all of it, and follow one leader.
  bool settled() const;
  int reads_granted = 0;
  int reads_refused = 0;
  int snapshots_installed = 0;
  int crashes = 0;
  std::uint64_t messages = 0;
  std::vector<Decided> lost;
  ClusterChecker checker;
  Index acknowledged;  ///< the highest index that a leader was seen to commit

 private:
  struct Disk {
    HardState hard;
    Position base;
    Config base_config;
    std::vector<Entry> log;
    Index applied;      ///< durable: installed snapshots and flushes
    Position snapshot;  ///< the latest one installed
    Config snapshot_config;
  };
  struct Batch {
    std::optional<HardState> hard;
    std::optional<Index> truncate_from;
    std::vector<Entry> append;
    std::optional<Position> compact_to;
    std::vector<Envelope> send_after;
    Position last;
  };
  struct Node {
    std::unique_ptr<Group> group;
    std::unique_ptr<Liveness> live;
    std::uint64_t incarnation = 0;
    Disk disk;
    std::vector<Entry> applied;  ///< since the base of time; survives, like a state machine replayed
    std::map<std::uint64_t, Index> reads;  ///< context → what was acknowledged when it was asked
    std::set<std::uint32_t> silent;
    std::set<std::uint32_t> deaf;
    Role seen_role = Role::follower;
    Term seen_term;
    Time booted;
    Time disk_free;
  };
  struct Event {
    Time at;
    std::uint64_t order = 0;
    std::function<void()> deed;
    bool operator<(const Event& other) const { return std::tie(other.at, other.order) < std::tie(at, order); }
  };

  Now stamp() const { return Now{now_, WallTime{now_.ns}}; }
  void at(Time when, std::function<void()> deed);
  void boot(std::uint32_t id);
  bool passes(std::uint32_t from, std::uint32_t to);
  void transmit(std::uint32_t from, std::uint32_t to, std::function<void()> arrive);
  void send(std::uint32_t from, const Envelope& envelope);
  void persist(std::uint32_t id, Batch batch);
  void make_durable(std::uint32_t id, const Batch& batch);
  void compact_disk(Disk& disk, Position to);
  void apply(std::uint32_t id, const std::vector<Entry>& entries);
  void step_after(std::uint32_t id, Work work);
  void observe(std::uint32_t id);
  void answer(std::uint32_t id, const ReadGrant& grant);
  void send_snapshot(std::uint32_t from, std::uint32_t to);
  void pulse(std::uint32_t from, std::uint32_t to, bool reply_now);
  void receive_pulse(std::uint32_t from, std::uint32_t to, const Pulse& pulse);
  void pulse_timer(std::uint32_t id, std::uint64_t incarnation);
  void pulses(std::uint32_t id, bool reply_now);
  void look_for_silence(std::uint32_t id);
  void look_for_deafness(std::uint32_t id);
  void install_snapshot(std::uint32_t from, std::uint32_t to, Position at, const Config& config,
                        const std::vector<Entry>& data);
  void wake_due();
  Time next_wake() const;
  void complain(const std::string& what) {
    if (!broken_) broken_ = what;
  }

  GroupId id_{7};
  Options options_;
  PlantedBugs bugs_;
  Rng rng_;
  Time now_{ns_per_s};
  std::uint64_t order_ = 0;
  std::uint64_t next_context_ = 1;
  std::map<std::uint32_t, Node> nodes_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> cuts_;
  std::priority_queue<Event> events_;
  std::optional<std::string> broken_;
};

/// Voters 1…n.
Config voters(std::uint32_t n);

}  // namespace nodedb::raft::test
