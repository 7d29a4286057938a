// SPDX-License-Identifier: Apache-2.0
#pragma once

// One group's replica on this node: the Raft group and what the node keeps beside it. Owned by the core
// thread.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "raft/group.h"
#include "wire/messages.h"

namespace nodedb::node {

/// Who waits for the answer to a request that this node serves as leader.
struct Origin {
  NodeId gateway;  ///< 0: nobody, the node's own clean-up
  Incarnation incarnation;
  std::uint64_t request = 0;
};

struct Replica {
  explicit Replica(raft::Group group) : raft(std::move(group)) {}

  raft::Group raft;

  struct Write {
    raft::Position at;
    Origin origin;
  };
  std::deque<Write> writes;  ///< proposed here, not answered; rising by index

  struct Staged {
    Origin origin;
    Blob payload;
  };
  std::vector<Staged> staged;  ///< to be proposed together at the end of the step

  std::vector<raft::Entry> held;              ///< committed while a snapshot is being installed
  std::multimap<Index, std::uint64_t> reads;  ///< granted, to be handed out once `handed` gets there: tokens

  Index handed;                 ///< given to the apply thread, or part of an installed snapshot
  Index applied;                ///< what the apply thread has reported
  Index flushing;               ///< `handed` when the flush under way was asked for
  Index flushed;                ///< durable in the state store
  std::optional<Error> halted;  ///< an entry that this build cannot understand: apply has stopped before it

  std::optional<std::int64_t> next_due_ns;  ///< wall clock; StateMachine::next_due_ns
  bool due_asked = false;

  Time timer = never;      ///< as registered with the node
  Term claimed;            ///< the term in which the node claims the group; 0: it does not
  bool dirty = false;      ///< may have work
  raft::HardState traced;  ///< what the trace has told
};

}  // namespace nodedb::node
