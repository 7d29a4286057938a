// SPDX-License-Identifier: Apache-2.0
#pragma once

// One group's replica on this node: the Raft group and what the node keeps beside it. Owned by the core
// thread.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/queue.h"
#include "node/origin.h"
#include "node/pending_reads.h"
#include "node/pending_writes.h"
#include "raft/group.h"
#include "wire/messages.h"

namespace nodedb::node {

/// When the log got how far: tells for how long a follower has been behind. A sample per report, a few kept.
class LagClock {
 public:
  void sample(Index last, Time now) {
    if (!samples_.empty() && samples_.back().first == last) return;
    samples_.push_back({last, now});
    if (samples_.size() > samples_max) samples_.pop_front();
  }
  /// Since when the log has had entries above `match`; 0 if it has none.
  std::int64_t of(Index match, Time now) const {
    for (const auto& [last, at] : samples_) {
      if (last > match) return now - at;
    }
    return 0;
  }

 private:
  static constexpr std::size_t samples_max = 64;
  Queue<std::pair<Index, Time>> samples_;
};

struct Replica {
  explicit Replica(raft::Group group) : raft(std::move(group)) {}

  // What every write needs comes first and lies together, as in raft/state.h.
  static constexpr std::size_t hot_bytes = 320;
  raft::Group raft;
  bool dirty = false;  ///< may have work
  bool due_asked = false;
  Time timer = never;           ///< the node wakes it then; never after its deadline, maybe before
  Index handed;                 ///< given to the apply thread, or part of an installed snapshot
  Index applied;                ///< what the apply thread has reported
  std::size_t task_place = 0;   ///< where the apply task in the making has this group, if it has
  std::optional<Error> halted;  ///< an entry that this build cannot understand: apply has stopped before it

  Queue<raft::Entry> held;  ///< committed, not given to the apply thread yet
  struct Portion {
    Index last;
    Time handed;
  };
  Queue<Portion> under_way;  ///< given to it and not reported
  PendingReads reads;        ///< granted, not handed out: tokens
  PendingWrites writes;      ///< proposed here, not answered

  struct Staged {
    Origin origin;
    Blob payload;
  };
  std::vector<Staged> staged;  ///< to be proposed together at the end of the step
  struct HeldBack {
    Time until;
    Staged write;
  };
  Queue<HeldBack> held_back;  ///< to be proposed later (pace.h), rising by time

  /// What the leader has said, for reads from this replica: whatever was acknowledged before `fresh` is in
  /// what has been handed out.
  Time fresh = long_ago;

  Index flushing;  ///< `handed` when the flush under way was asked for
  Index flushed;   ///< durable in the state store

  std::optional<std::int64_t> next_due_ns;  ///< wall clock; StateMachine::next_due_ns

  LagClock lag;  ///< while a migration moves the group

  Term claimed;            ///< the term in which the node claims the group; 0: it does not
  Time claimed_at{};       ///< when that began
  raft::HardState traced;  ///< what the trace has told
};

}  // namespace nodedb::node
