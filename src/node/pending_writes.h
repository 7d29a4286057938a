// SPDX-License-Identifier: Apache-2.0
#pragma once

// The writes that this node has proposed in one group and not answered, rising by index, and how far each has
// come. The stages are reached in order of index, so that each write is looked at once for each. Owned by the
// core thread.

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/queue.h"
#include "base/request_path.h"
#include "node/origin.h"
#include "raft/types.h"

namespace nodedb::node {

struct PendingWrite {
  raft::Position at;
  Origin origin;
  ServedStages stages{};
};

class PendingWrites {
 public:
  bool empty() const { return writes_.empty(); }
  auto begin() const { return writes_.begin(); }
  auto end() const { return writes_.end(); }

  /// Pre: above all that wait.
  void proposed(raft::Position at, const Origin& origin, Time now) {
    writes_.push_back({at, origin, {.proposed = now}});
  }
  void persisted(Index upto, Time now) { reach(persisted_, &ServedStages::persisted, upto, now); }
  void committed(Index upto, Time now) { reach(committed_, &ServedStages::committed, upto, now); }

  /// Null if none waits.
  PendingWrite* first() { return writes_.empty() ? nullptr : &writes_.front(); }
  /// Pre: one waits.
  void pop_first() {
    writes_.pop_front();
    persisted_ -= persisted_ > 0;
    committed_ -= committed_ > 0;
  }
  /// The one at that place, if it waits: it does no more.
  std::optional<PendingWrite> take(raft::Position at) {
    const auto found = std::ranges::find(writes_, at, &PendingWrite::at);
    if (found == writes_.end()) return std::nullopt;
    const auto place = static_cast<std::size_t>(found - writes_.begin());
    const PendingWrite taken = *found;
    writes_.erase(found);
    persisted_ -= persisted_ > place;
    committed_ -= committed_ > place;
    return taken;
  }

 private:
  void reach(std::size_t& count, Time ServedStages::*stage, Index upto, Time now) {
    for (auto at = writes_.begin() + static_cast<std::ptrdiff_t>(count);
         at != writes_.end() && at->at.index <= upto; ++at) {
      at->stages.*stage = now;
      ++count;
    }
  }

  Queue<PendingWrite> writes_;
  // How many of them, from the front, have got there.
  std::size_t persisted_ = 0;
  std::size_t committed_ = 0;
};

}  // namespace nodedb::node
