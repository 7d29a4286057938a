// SPDX-License-Identifier: Apache-2.0
#pragma once

// The node as a service of systemd's (edge/systemd/notify.h): when it is ready, what it does or waits for,
// and that it lives. A member is ready once it knows its routes; a node that waits to become one is ready at
// once, since what it waits for is an operator who wants to see it started. It lives as long as the core
// waits for events or gets on: the manager does not hear of a core that does not end its step. Net thread
// only.

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "node/turn.h"

namespace nodedb::app {

class Service {
 public:
  /// `step_began`: when the core's step began that is under way; `long_ago`: none is.
  Service(asio::io_context& loop, std::function<Time()> step_began)
      : step_began_(std::move(step_began)), timer_(loop) {}

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

  std::function<Time()> step_began_;
  asio::steady_timer timer_;
  std::string said_;
  bool ready_ = false;
  bool ending_ = false;
};

/// What a member does, for `systemctl status`.
std::string serving_text(const node::Routing& routing);

}  // namespace nodedb::app
