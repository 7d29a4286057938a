// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients' requests on their way into the core. The core is given few at a time (CoreInbox::clients_max), so
// that its steps are short and a peer's pulse is never behind thousands of requests; the others wait here, a
// line for each vShard, in order, and the lines take turns: a hot vShard's requests wait behind each other,
// not in front of others'. Who has waited here for longer than a request may is refused, and so is who comes
// when there is no room, unless its vShard has none here. Owned by the net thread.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "edge/loop/core_inbox.h"

namespace nodedb::edge {

class ClientDoor {
 public:
  static constexpr std::size_t waiting_max = 16 * 1024;

  /// `wait_ns`: how long a request may wait; 0: without end.
  ClientDoor(CoreInbox& core, std::size_t bytes_max, std::int64_t wait_ns)
      : core_(core), bytes_max_(bytes_max), wait_ns_(wait_ns) {}

  /// False: there is no room. Pre: it says when it arrived.
  bool take(node::ClientRequest request) {
    const VShardId vshard = request.vshard;
    node::Event event = std::move(request);
    if (lines_.empty() && core_.offer(std::move(event))) return true;
    const std::size_t bytes = CoreInbox::bytes_of(event);
    const bool room = waiting_ < waiting_max && (bytes_ == 0 || bytes_ + bytes <= bytes_max_);
    const auto line = lines_.find(vshard);
    if (!room && (line != lines_.end() || bytes > small_bytes)) return false;
    bytes_ += bytes;
    ++waiting_;
    if (line == lines_.end()) turns_.push_back(vshard);
    lines_[vshard].push_back(std::move(event));
    return true;
  }

  /// To be called when the core has worked. The tags of those that have waited too long.
  std::vector<std::uint64_t> retry(Time now) {
    std::vector<std::uint64_t> refused;
    while (!turns_.empty()) {
      const auto line = lines_.find(turns_.front());
      const auto& first = std::get<node::ClientRequest>(line->second.front());
      const std::size_t bytes = CoreInbox::bytes_of(line->second.front());
      const bool late = wait_ns_ > 0 && now - first.arrived.value_or(now) > wait_ns_;
      if (late)
        refused.push_back(first.tag);
      else if (!core_.offer(std::move(line->second.front())))
        break;
      bytes_ -= bytes;
      --waiting_;
      line->second.pop_front();
      // Whose first was late goes on with the next one; else the next line has its turn.
      if (late && !line->second.empty()) continue;
      if (line->second.empty())
        lines_.erase(line);
      else
        turns_.push_back(turns_.front());
      turns_.pop_front();
    }
    return refused;
  }
  bool empty() const { return lines_.empty(); }
  std::size_t bytes() const { return bytes_; }

 private:
  /// What one request of a vShard that has none here may take beyond the bound.
  static constexpr std::size_t small_bytes = 4 * 1024;

  CoreInbox& core_;
  std::size_t bytes_max_;
  std::int64_t wait_ns_;
  std::map<VShardId, std::deque<node::Event>> lines_;  ///< none is empty
  std::deque<VShardId> turns_;                         ///< of each line once
  std::size_t waiting_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace nodedb::edge
