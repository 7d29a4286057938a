// SPDX-License-Identifier: Apache-2.0
// The driver against a group that is only a model: orders get lost, nodes die and come back, leaders change,
// a config that is not committed is taken back, and somebody may cancel. Whatever happens, once the faults
// stop the migration ends, and the placement is who votes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "meta/decide.h"
#include "tests/unit/meta/migration_examples.h"

namespace nodedb::meta {
namespace {

using test::has_node;
using test::moved;
using test::source;
using test::target;

std::vector<NodeId> without(std::vector<NodeId> nodes, NodeId node) {
  std::erase(nodes, node);
  return nodes;
}

struct Config {
  std::vector<NodeId> voters{NodeId(1), NodeId(2), NodeId(3)};
  std::vector<NodeId> outgoing;
  std::vector<NodeId> learners;
  Index index{10};

  bool has(NodeId node) const {
    return has_node(voters, node) || has_node(outgoing, node) || has_node(learners, node);
  }
};

// The vShard's group, its replicas, and who is up.
class Group {
 public:
  explicit Group(Rng& rng) : rng_(rng) {}

  Config config;
  Config before;  // what an uncommitted config falls back to
  bool committed = true;
  NodeId leader = source;
  Index target_match;
  std::optional<NodeId> down;
  std::set<NodeId> holders{NodeId(1), NodeId(2), NodeId(3)};

  bool up(NodeId node) const { return down != node; }

  void step(bool faults) {
    if (faults && rng_.below(10) == 0) {
      down = down ? std::nullopt : std::optional(NodeId(static_cast<std::uint32_t>(1 + rng_.below(5))));
    }
    if (!faults) down.reset();
    if (!up(leader)) elect();
    if (up(leader) && !committed && rng_.below(2) == 0) commit();
    if (config.has(target) && up(target)) {
      holders.insert(target);
      target_match = target_match + rng_.below(6);
    }
  }

  void obey(NodeId to, const Order& order) {
    if (!up(to)) return;
    if (const auto* drop = std::get_if<OrderDrop>(&order)) {
      if (!config.has(to) && drop->config_index <= config.index) holders.erase(to);
      return;
    }
    if (to != leader) return;
    if (const auto* transfer = std::get_if<OrderTransfer>(&order)) {
      if (up(transfer->to) &&
          (has_node(config.voters, transfer->to) || has_node(config.outgoing, transfer->to))) {
        leader = transfer->to;
      }
      return;
    }
    if (committed) change(order);
  }

 private:
  void append(Config next) {
    before = config;
    next.index = config.index + 1 + rng_.below(3);
    config = std::move(next);
    committed = false;
  }

  void change(const Order& order) {
    Config next = config;
    const bool joint = !config.outgoing.empty();
    if (std::holds_alternative<OrderLearner>(order) && !joint && !config.has(target)) {
      next.learners.push_back(target);
      target_match = Index();
    } else if (std::holds_alternative<OrderReplace>(order) && !joint && has_node(config.learners, target)) {
      next.outgoing = config.voters;
      next.voters = without(config.voters, source);
      next.voters.push_back(target);
      next.learners.clear();
    } else if (std::holds_alternative<OrderLeave>(order) && joint) {
      next.outgoing.clear();
    } else if (std::holds_alternative<OrderLeaveBack>(order) && joint) {
      next.voters = config.outgoing;
      next.outgoing.clear();
    } else if (std::holds_alternative<OrderRemoveLearner>(order)) {
      next.learners = without(config.learners, target);
    } else {
      return;
    }
    append(std::move(next));
  }

  void commit() {
    committed = true;
    if (!has_node(config.voters, leader) && !has_node(config.outgoing, leader)) elect();
  }

  // An uncommitted config may be lost with its leader.
  void elect() {
    if (!committed && rng_.below(2) == 0) {
      const Index above = config.index + 1;
      config = before;
      config.index = std::max(config.index, above);
      committed = true;
    }
    const auto& half = !config.outgoing.empty() && rng_.below(2) == 0 ? config.outgoing : config.voters;
    leader = half[static_cast<std::size_t>(rng_.below(half.size()))];
  }

  Rng& rng_;
};

class Driven {
 public:
  explicit Driven(std::uint64_t seed) : rng_(seed), group(rng_) {
    RC_ASSERT(world.submit(checkpoint(test::first_of(moved), 0)).has_value());
  }

  std::optional<Migration> record() const { return world.tables.migrations.find(test::migration(1)); }

  void step(bool faults) {
    group.step(faults);
    const auto now = record();
    if (!now) return;
    // The target makes its empty replica once its own group 0 has the record.
    if (!now->intent.aborting && now->intent.cutover == 0 && group.up(target) && rng_.below(2) == 0)
      group.holders.insert(target);
    if (now->intent.cutover != 0 && group.up(source) && rng_.below(3) == 0) source_applied_ = true;
    const Action action = decide(*now, facts(faults), DecideLimits{});
    if (const auto* order = std::get_if<GiveOrder>(&action)) {
      if (!faults || rng_.below(3) != 0) group.obey(order->to, order->order);
      return;
    }
    if (faults && rng_.below(4) == 0) return;  // the leader of group 0 died with it
    carry_out(action);
    if (faults && rng_.below(4) == 0) carry_out(action);  // and its successor said it again
  }

  void cancel() { (void)world.submit(MigrationAbort{test::migration(1), "asked to", {}}); }

 private:
  static MetaEntry checkpoint(MigrationPayload payload, std::uint32_t attempt) {
    return MigrationCheckpoint{make_checkpoint(test::migration(1), attempt, std::move(payload), 0)};
  }

  void carry_out(const Action& action) {
    if (const auto* advance = std::get_if<Advance>(&action)) {
      RC_ASSERT(world.submit(checkpoint(advance->payload, advance->attempt)).has_value());
    } else if (const auto* up = std::get_if<GiveUp>(&action)) {
      (void)world.submit(MigrationAbort{test::migration(1), up->reason, up->compensations});
    } else if (const auto* end = std::get_if<End>(&action)) {
      RC_ASSERT(world.submit(MigrationEnd{test::migration(1), end->outcome, 0}).has_value());
    }
  }

  MigrationFacts facts(bool faults) {
    MigrationFacts made;
    if (group.up(group.leader)) {
      made.group = GroupFacts{.leader = group.leader,
                              .term = Term(1),
                              .voters = group.config.voters,
                              .outgoing = group.config.outgoing,
                              .learners = group.config.learners,
                              .config_index = group.config.index,
                              .config_committed = group.committed,
                              .transferring = false,
                              .target = std::nullopt};
      if (group.config.has(target)) {
        made.group->target = GroupFacts::Follower{group.target_match, group.up(target), 0, 0, 0};
      }
    }
    made.source_applied_cutover = source_applied_;
    made.source_reachable = group.up(source);
    made.target_reachable = group.up(target);
    if (made.source_reachable) made.source_holds_replica = group.holders.contains(source);
    if (made.target_reachable) made.target_holds_replica = group.holders.contains(target);
    made.without_progress_ns = faults && rng_.below(12) == 0 ? 1'000'000'000'000 : 0;
    return made;
  }

  Rng rng_;
  bool source_applied_ = false;

 public:
  Group group;
  test::World world{test::five_nodes()};
};

RC_GTEST_PROP(Driven, EndsWithThePlacementThatVotes, (std::uint64_t seed)) {
  Rng rng(seed);
  Driven driven(seed + 1);
  const std::uint64_t faulty = rng.below(150);
  const std::uint64_t cancelled = rng.below(3) == 0 ? rng.below(faulty + 1) : faulty + 1;
  for (std::uint64_t i = 0; i < faulty; ++i) {
    if (i == cancelled) driven.cancel();
    driven.step(true);
  }
  for (int i = 0; i < 500 && driven.record(); ++i) driven.step(false);
  RC_ASSERT(!driven.record());
  const auto& [voters, outgoing, learners, index] = driven.group.config;
  std::vector<NodeId> votes = voters;
  std::vector<NodeId> placed = driven.world.tables.placement[moved.value].replicas;
  std::ranges::sort(votes);
  std::ranges::sort(placed);
  RC_ASSERT(votes == placed);
  RC_ASSERT(outgoing.empty() && learners.empty() && driven.group.committed);
  RC_ASSERT(driven.world.tables.history.size() == 1u);
  const bool completed = driven.world.tables.history.begin()->second.outcome == MigrationOutcome::completed;
  RC_ASSERT(completed == has_node(placed, target));
  RC_ASSERT(driven.world.tables.ghosts.size() == (completed ? 1u : 0u));
  RC_ASSERT(driven.group.holders.contains(source) == !completed);
  for (const NodeId node : votes) {
    if (node != target) RC_ASSERT(driven.group.holders.contains(node));
  }
}

}  // namespace
}  // namespace nodedb::meta
