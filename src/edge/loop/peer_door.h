// SPDX-License-Identifier: Apache-2.0
#pragma once

// Peers' messages on their way into the core. None is dropped: a lost message would cost whoever waits for it
// a time-out. What the core has no room for waits here, in order, and the transport stops giving peers credit
// until it is gone, so no more than the peers' windows can pile up. Owned by the net thread.

#include <deque>
#include <utility>

#include "edge/loop/core_inbox.h"

namespace nodedb::edge {

class PeerDoor {
 public:
  explicit PeerDoor(CoreInbox& core) : core_(core) {}

  /// False: something waits now, read no more from peers until `retry` says so.
  bool take(node::FromPeer message) {
    waiting_.push_back(std::move(message));
    return retry();
  }
  /// To be called when the core has worked. True: nothing waits any more.
  bool retry() {
    while (!waiting_.empty() && core_.offer(std::move(waiting_.front()))) waiting_.pop_front();
    return waiting_.empty();
  }

 private:
  CoreInbox& core_;
  std::deque<node::Event> waiting_;
};

}  // namespace nodedb::edge
