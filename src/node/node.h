// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node is a value: events in, turns out (DESIGN.md section 3). Consensus, liveness, metadata, gateway and
// snapshots are inside and pure; clocks, threads, sockets, disks and logs are outside. Owned by the core
// thread.
//
// The caller reads `now` after it has taken the event from its queue (reads are linearizable only then),
// persists its incarnation before it makes a Node, and never lets `now.mono` fall.

#include <memory>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "node/event.h"
#include "node/options.h"
#include "node/status.h"
#include "node/turn.h"
#include "swim/types.h"

namespace nodedb::node {

/// What the stores held at boot.
struct Boot {
  Incarnation incarnation;  ///< of this life; 1 at the first
  StoredLog log;
  std::vector<StoredState> states;
  std::vector<Put> metadata;  ///< the metadata machine's rows
};

/// Reads all of it. Errors: the stores'.
Result<Boot> load_boot(Incarnation incarnation, LogStore& log, StateStore& state);

class Node {
 public:
  /// Errors: damaged (the stores contradict each other; the detail says what to do), wrong_cluster,
  /// incompatible.
  static Result<Node> create(const Options& options, Boot boot, Rng rng, Now now);
  ~Node();
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;

  Turn step(Now now, Event event);
  /// As if each event were a step, but with one turn for all: one log batch, one message per peer.
  Turn step(Now now, std::vector<Event> events);

  // --- facts, for checks and tests ---
  NodeId id() const;
  bool initialised() const;
  /// Null if this node has no replica of the group.
  const raft::Group* group(GroupId group) const;
  Status status(Now now, const StatusWish& wish) const;
  /// Who seems to be alive, this node included, ordered by id; empty before it is a member. Hints, to plan
  /// and to show with: a live node can be taken for dead.
  std::vector<swim::Verdict> verdicts() const;
  /// What it holds in memory for others than itself.
  struct Held {
    std::size_t log_bytes = 0;  ///< about
    std::size_t request_bytes = 0;
    std::size_t snapshot_bytes = 0;
  };
  Held held() const;

 private:
  struct State;
  explicit Node(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nodedb::node
