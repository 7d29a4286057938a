// SPDX-License-Identifier: Apache-2.0
#pragma once

// One running suspicion: who bears witness, and until when the suspect may refute (Lifeguard, LHA-Suspicion).
// It begins long, in case this node is the slow one, and shortens with each independent witness.

#include <set>

#include "swim/rules.h"

namespace nodedb::swim {

class Suspicion {
 public:
  Suspicion(NodeId witness, Time began, const SuspicionBounds& bounds)
      : began_(began), bounds_(bounds), witnesses_{witness} {}

  /// True if it shortens by that: a new witness, and not more than count. A witness is independent of the
  /// others by being another node that found out for itself, which is what Rumour::by names.
  bool confirm(NodeId witness) {
    if (witnesses_.size() > bounds_.witnesses) return false;
    return witnesses_.insert(witness).second;
  }
  Time deadline() const { return began_ + suspicion_ns(bounds_, witnesses_.size() - 1 + repeated_); }
  /// This node stood still for so long and could not have heard a refutation.
  void postpone(std::int64_t ns) { began_ = began_ + ns; }
  const std::set<NodeId>& witnesses() const { return witnesses_; }
  /// The planted bug one_witness_counts_twice.
  void count_again() { ++repeated_; }

 private:
  Time began_;
  SuspicionBounds bounds_;
  std::set<NodeId> witnesses_;
  std::size_t repeated_ = 0;
};

}  // namespace nodedb::swim
