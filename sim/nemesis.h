// SPDX-License-Identifier: Apache-2.0
#pragma once

// Brings the trouble that the climate allows: draws what goes wrong, when, where and for how long. Owns no
// state of the world; the world does what it asks for.

#include <cstdint>
#include <map>
#include <vector>

#include "base/rng.h"
#include "raft/config.h"
#include "sim/climate.h"
#include "sim/host.h"
#include "sim/network.h"
#include "sim/schedule.h"

namespace nodedb::sim {

/// What answers to questions about moves carry.
inline constexpr std::uint64_t move_tag = 2;

class Nemesis {
 public:
  struct Power {
    virtual ~Power() = default;
    virtual Host& host(std::size_t node) = 0;
    virtual Network& network() = 0;
    virtual void crash(std::size_t node) = 0;
    virtual void boot(std::size_t node) = 0;
    virtual void ask_init(std::size_t node) = 0;
    /// Clients look closely at what the node still says of the vShard (Clients::bear_witness).
    virtual void bear_witness(VShardId vshard, std::size_t node, std::int64_t for_ns) = 0;
    /// Before the cluster is formed, some trouble makes no sense.
    virtual bool formed() const = 0;
  };

  Nemesis(const Climate& climate, Schedule& schedule, Power& power, Rng rng);

  void start();
  /// No more trouble. What is down stays down: the world heals.
  void stop() { stopped_ = true; }
  /// A process had to stop by itself: it comes back later.
  void must_restart(std::size_t node);
  void drained(std::size_t node);

  /// Does each changed group have its first voters again, as far as they are up? The cluster sees to that by
  /// itself (rule C3); in group 0, whose voters no placement names, this takes one step towards it.
  bool restored_configs();
  /// The node that leads the group, as it believes with the highest term; `machines` if none does.
  std::size_t leader_of(GroupId group);

 private:
  void next();
  void strike(Fault fault);
  void crash(std::size_t node);
  void crash_many();
  void partition();
  void one_way();
  void full_disk(std::size_t node);
  void drain(std::size_t node);
  void transfer();
  void trap();
  void isolate(std::size_t node, std::int64_t for_ns);
  void isolate_leader(GroupId group, std::size_t leader);
  void spring_handover(GroupId group, std::size_t leader);
  void spring_lost_supporter(GroupId group, std::size_t leader);
  void spring_frozen(std::size_t leader);
  void next_move();
  void migrate();
  void change_config();
  /// As that node knows: a member that has not reported itself yet.
  bool somebody_joins(std::size_t asked);
  void propose(GroupId group, const raft::Config& next);
  GroupId any_group();
  std::size_t any_node() { return rng_.below(climate_.machines()); }
  std::int64_t lasting() {
    return climate_.fault_for_ns / 4 + rng_.between(0, climate_.fault_for_ns * 3 / 2);
  }

  const Climate& climate_;
  Schedule& schedule_;
  Power& power_;
  Rng rng_;
  std::vector<Fault> active_;
  std::vector<bool> draining_;
  std::map<GroupId, std::vector<NodeId>> original_;
  bool stopped_ = false;
};

}  // namespace nodedb::sim
