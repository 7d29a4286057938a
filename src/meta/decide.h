// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a migration needs next: a pure function of its record and of what is known about the cluster. The
// leader of group 0 asks it again after every change; whoever succeeds that leader computes the same, so
// resuming is the normal path (DESIGN.md section 7). docs/migration.md has the table of every case.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "meta/bugs.h"
#include "meta/migration.h"

namespace nodedb::meta {

/// What the vShard's leader reported last. Only its own word counts: a deposed leader's is of an older term.
struct GroupFacts {
  NodeId leader;
  Term term;
  std::vector<NodeId> voters;    ///< of the config in force
  std::vector<NodeId> outgoing;  ///< not empty while it is joint
  std::vector<NodeId> learners;
  Index config_index;
  bool config_committed = false;  ///< and an entry of `term`: no tail of an earlier term can prevail
  bool transferring = false;      ///< a leadership transfer is under way
  bool knows_abort = true;        ///< its leader's own group 0 has the abort, if there is one
  // About the target; nothing while it is not among the followers.
  struct Follower {
    Index match;
    bool streaming = false;  ///< it follows the log (neither probed nor sent a snapshot)
    std::uint64_t lag_entries = 0;
    std::uint64_t lag_bytes = 0;
    std::int64_t lag_ns = 0;
  };
  std::optional<Follower> target;
};

struct MigrationFacts {
  std::optional<GroupFacts> group;      ///< nothing: no leader is known
  bool source_applied_cutover = false;  ///< the source's own group 0 has got there: its ghost stub is durable
  std::optional<bool> source_holds_replica;  ///< nothing: it has not said
  std::optional<bool> target_holds_replica;
  std::uint64_t target_unapplied = 0;  ///< committed entries that it has still to apply, as it said last
  bool target_fenced = false;          ///< it cannot stand for election yet: just started, or made anew
  bool source_reachable = false;
  bool source_lost = false;  ///< given up: should it come back, what it still holds is an orphan (rule C4)
  bool target_reachable = false;
  bool target_lost = false;    ///< given up: nobody waits for it
  std::uint64_t pause_us = 0;  ///< the longest that was measured
  /// Since anything changed for the better, on this leader's clock, and how long a try may take.
  std::int64_t without_progress_ns = 0;
};

struct DecideLimits {
  std::uint64_t lag_entries_max = 64;
  std::uint64_t lag_bytes_max = 256 * 1024;
  std::int64_t lag_ns_max = 200'000'000;
  std::int64_t patience_ns = 10'000'000'000;  ///< of the first try; doubles with each, up to 8 times
  std::uint32_t attempts_max = 8;             ///< then the migration is aborted, if it may be
};

// --- orders: idempotent, given to one node, given again until the facts show their effect ---

/// Add the target as a learner.
struct OrderLearner {
  NodeId target;
  bool operator==(const OrderLearner&) const = default;
};
/// Enter the joint config that replaces the source by the target.
struct OrderReplace {
  NodeId source;
  NodeId target;
  bool operator==(const OrderReplace&) const = default;
};
/// Leave the joint config, keeping the incoming half.
struct OrderLeave {
  bool operator==(const OrderLeave&) const = default;
};
/// Leave the joint config back to the outgoing half.
struct OrderLeaveBack {
  bool operator==(const OrderLeaveBack&) const = default;
};
struct OrderRemoveLearner {
  NodeId target;
  bool operator==(const OrderRemoveLearner&) const = default;
};
/// Hand the leadership over; give up after `budget_us`.
struct OrderTransfer {
  NodeId to;
  std::uint64_t budget_us = 0;
  bool operator==(const OrderTransfer&) const = default;
};
/// Destroy the replica: the leader of `term` has committed a config at `config_index` that does not have this
/// node, and an entry of its own term.
struct OrderDrop {
  Index config_index;
  Term term;
  bool operator==(const OrderDrop&) const = default;
};
using Order = std::variant<OrderLearner, OrderReplace, OrderLeave, OrderLeaveBack, OrderRemoveLearner,
                           OrderTransfer, OrderDrop>;

// --- what to do ---

/// Nothing can be done now; `why` is for a person.
struct Wait {
  std::string why;
  bool operator==(const Wait&) const = default;
};
struct GiveOrder {
  NodeId to;
  Order order;
  std::string why;  ///< what is waited for meanwhile
  bool operator==(const GiveOrder&) const = default;
};
/// Propose the next checkpoint: it is true.
struct Advance {
  MigrationPayload payload;
  std::uint32_t attempt = 0;
  bool operator==(const Advance&) const = default;
};
/// Propose the abort.
struct GiveUp {
  std::string reason;
  std::vector<Compensation> compensations;
  bool operator==(const GiveUp&) const = default;
};
/// Propose to remove the row: nothing is left to do.
struct End {
  MigrationOutcome outcome = MigrationOutcome::completed;
  bool operator==(const End&) const = default;
};
using Action = std::variant<Wait, GiveOrder, Advance, GiveUp, End>;

Action decide(const Migration& record, const MigrationFacts& facts, const DecideLimits& limits,
              PlantedBugs bugs = {});

/// What undoes a migration that has got as far as `phase`, in order; nothing from Cutover on.
std::vector<Compensation> compensations_for(MigrationPhase phase);

}  // namespace nodedb::meta
