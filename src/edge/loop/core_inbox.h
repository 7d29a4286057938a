// SPDX-License-Identifier: Apache-2.0
#pragma once

// What waits for the node, and whose turn it is to step it. What the disk, apply and flush threads report
// must never be lost and is bounded by what they were given; what comes from outside has a bound of its own,
// in events and in bytes, and is refused above it. So the reporting threads never wait here, and no ring of
// threads waits for itself. Of clients, few are let in at a time, and in half of the bytes: no client keeps a
// peer's message out, or waiting for long.
//
// One thread at a time steps the node. A thread that has just given a little, while nobody steps, does so
// itself, which spares waking another one; all else, much that waits and what is due by the clock, is the
// core thread's. (docs/decisions/025-who-steps.md)

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "node/event.h"

namespace nodedb::edge {

class CoreInbox {
 public:
  static constexpr std::size_t outside_max = 32 * 1024;
  /// Of clients' requests: what the core is given for one step.
  static constexpr std::size_t clients_max = 1024;
  /// More than this is the core thread's to step.
  static constexpr std::size_t little = 8;

  explicit CoreInbox(std::size_t bytes_max = limits::inbox_bytes_max) : bytes_max_(bytes_max) {}
  CoreInbox(const CoreInbox&) = delete;
  CoreInbox& operator=(const CoreInbox&) = delete;

  // --- giving ---

  /// From the net thread: peers, clients, operators. False: refused, too much is waiting (or stopping), and
  /// the caller still has the event. One alone always finds room, however large.
  [[nodiscard]] bool offer(node::Event&& event);
  /// From the disk, apply and flush threads: what they have done; from net what must not be missed. Dropped
  /// only after `close`. `steps`: the thread calls `step_here` next, so that nobody else need wake up.
  void report(node::Event event, bool steps = false);
  void close();

  /// Before any thread runs. `step_here`: as below. `offered` is called on the net thread when it has offered
  /// something, once until it calls step_offered: from then on the net thread steps. Neither may throw.
  void set_stepper(std::function<void()> step_here) { step_here_ = std::move(step_here); }
  void set_offered(std::function<void()> offered) { offered_ = std::move(offered); }
  /// Steps the node on this thread, or sees to it that another one does. Not on the core thread.
  void step_here();
  /// The net thread's: the same for what it has offered.
  void step_offered();

  // --- stepping ---

  /// The core thread's: waits until it is its turn to step, because something waits or the time has come that
  /// the last step named (then there are no events). Nothing once the inbox is closed and empty.
  std::optional<std::vector<node::Event>> await();
  /// Another thread's: what waits, if that is little and nobody steps; otherwise nothing, and whoever steps
  /// or the core thread will see it.
  std::vector<node::Event> claim();
  /// Ends the step that `await`, `claim` or this began. `crowded`: the next one may have to wait for other
  /// threads, so that it must be the core thread's. With `on`, what has come meanwhile is claimed.
  std::vector<node::Event> end_step(Time wake_at, bool crowded, bool on);

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
  /// False if it is closed; wakes the core thread if `wake` and nobody steps.
  bool put(Item&& item, bool wake);
  // With the lock held.
  bool is_claimable() const;
  std::vector<Item> begin_step();

  std::vector<node::Event> opened(std::vector<Item> taken);

  const std::size_t bytes_max_;
  std::atomic<std::size_t> events_ = 0;  ///< from outside
  std::atomic<std::size_t> bytes_ = 0;
  std::function<void()> step_here_;
  std::function<void()> offered_;
  bool announced_ = false;  ///< offered_ has been called; net thread

  std::mutex mutex_;
  std::condition_variable core_thread_;
  std::vector<Item> queue_;
  Time wake_at_ = long_ago;
  Time asleep_until_ = long_ago;  ///< the core thread; long_ago: it is awake
  bool stepping_ = false;
  bool crowded_ = false;
  bool closed_ = false;
};

}  // namespace nodedb::edge
