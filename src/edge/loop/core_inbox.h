// SPDX-License-Identifier: Apache-2.0
#pragma once

// The core thread's one queue. What the disk, apply and flush threads report must never be lost and is
// bounded by what the core gave them; what comes from outside has a bound of its own and is refused above it.
// So the reporting threads never wait for the core, and no ring of threads waits for itself.

#include <atomic>
#include <cstddef>
#include <vector>

#include "edge/base/mailbox.h"
#include "node/event.h"

namespace nodedb::edge {

class CoreInbox {
 public:
  static constexpr std::size_t outside_max = 32 * 1024;
  static constexpr std::size_t inside_max = 256 * 1024;

  CoreInbox() : mailbox_(outside_max + inside_max) {}

  /// From the net thread: peers, clients, operators. False: refused, too much is waiting (or stopping), and
  /// the caller still has the event.
  bool offer(node::Event&& event) {
    if (outside_.fetch_add(1, std::memory_order_relaxed) < outside_max) {
      Item item{std::move(event), true};
      if (mailbox_.try_push(std::move(item)) == Pushed::ok) return true;
      event = std::move(item.event);
    }
    outside_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  /// From the disk, apply and flush threads: what they have done. Dropped only after `close`.
  void report(node::Event event) { static_cast<void>(mailbox_.push({std::move(event), false})); }

  /// The core thread's: everything that waits, in order; see Mailbox::take_all.
  std::vector<node::Event> take_all(Time deadline) {
    auto taken = mailbox_.take_all(deadline);
    std::vector<node::Event> events;
    events.reserve(taken.size());
    std::size_t from_outside = 0;
    for (Item& item : taken) {
      from_outside += item.outside ? 1 : 0;
      events.push_back(std::move(item.event));
    }
    outside_.fetch_sub(from_outside, std::memory_order_relaxed);
    return events;
  }
  void close() { mailbox_.close(); }
  bool finished() const { return mailbox_.finished(); }

 private:
  struct Item {
    node::Event event;
    bool outside = false;
  };
  Mailbox<Item> mailbox_;
  std::atomic<std::size_t> outside_ = 0;
};

}  // namespace nodedb::edge
