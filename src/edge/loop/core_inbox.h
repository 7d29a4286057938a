// SPDX-License-Identifier: Apache-2.0
#pragma once

// The core thread's one queue. What the disk, apply and flush threads report must never be lost and is
// bounded by what the core gave them; what comes from outside has a bound of its own, in events and in bytes,
// and is refused above it. So the reporting threads never wait for the core, and no ring of threads waits for
// itself. Of clients, few are let in at a time, and in half of the bytes: no client keeps a peer's message
// out, or waiting for long.

#include <atomic>
#include <cstddef>
#include <vector>

#include "base/limits.h"
#include "edge/base/mailbox.h"
#include "node/event.h"

namespace nodedb::edge {

class CoreInbox {
 public:
  static constexpr std::size_t outside_max = 32 * 1024;
  static constexpr std::size_t inside_max = 256 * 1024;
  /// Of clients' requests: what the core is given for one step.
  static constexpr std::size_t clients_max = 1024;

  explicit CoreInbox(std::size_t bytes_max = limits::inbox_bytes_max)
      : bytes_max_(bytes_max), mailbox_(outside_max + inside_max) {}

  /// From the net thread: peers, clients, operators. False: refused, too much is waiting (or stopping), and
  /// the caller still has the event. One alone always finds room, however large.
  bool offer(node::Event&& event);
  /// From the disk, apply and flush threads: what they have done. Dropped only after `close`.
  void report(node::Event event) { static_cast<void>(mailbox_.push({std::move(event), 0, false})); }

  /// The core thread's: everything that waits, in order; see Mailbox::take_all.
  std::vector<node::Event> take_all(Time deadline);
  void close() { mailbox_.close(); }
  bool finished() const { return mailbox_.finished(); }

  /// Of what comes from outside and waits.
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  /// What an event counts for.
  static std::size_t bytes_of(const node::Event& event);

 private:
  struct Item {
    node::Event event;
    std::size_t bytes = 0;
    bool outside = false;
  };
  std::size_t bytes_max_;
  Mailbox<Item> mailbox_;
  std::atomic<std::size_t> events_ = 0;  ///< from outside
  std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace nodedb::edge
