// SPDX-License-Identifier: Apache-2.0
#pragma once

// The node as a service of systemd's (edge/systemd/notify.h): when it is ready, what it does or waits for,
// and that it lives. A member is ready once it knows its routes; a node that waits to become one is ready at
// once, since what it waits for is an operator who wants to see it started. It lives as long as the core
// steps: the manager hears of it only if the core has, since the last time, done what it was woken for. Net
// thread only.

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "node/turn.h"

namespace nodedb::app {

class Service {
 public:
  struct Core {
    std::function<std::uint64_t()> steps;  ///< how many it has taken; any thread's
    std::function<void()> wake;            ///< makes it take one more
  };
  Service(asio::io_context& loop, Core core) : core_(std::move(core)), timer_(loop) {}

  /// The node runs. `waits_for`: of a node that is no member yet.
  void begin(const std::string& waits_for = {});
  /// With each picture of the routes.
  void serves(const node::Routing& routing);
  /// It is going to end by itself, and why; the first reason stands.
  void ends(const std::string& why, std::int64_t within_ns);
  /// Nothing is told any more.
  void stop() { timer_.cancel(); }

 private:
  void become_ready();
  void say(const std::string& text);
  void watch(std::int64_t every_ns);

  Core core_;
  asio::steady_timer timer_;
  std::uint64_t steps_ = 0;  ///< when the manager heard last
  std::string said_;
  bool ready_ = false;
  bool ending_ = false;
};

/// What a member does, for `systemctl status`.
std::string serving_text(const node::Routing& routing);

}  // namespace nodedb::app
