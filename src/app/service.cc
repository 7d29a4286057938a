// SPDX-License-Identifier: Apache-2.0
#include "app/service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "edge/base/clock.h"
#include "edge/systemd/notify.h"

namespace nodedb::app {

namespace {

/// How often it is told within the time in which it has to be.
constexpr std::int64_t told_in_time = 3;

}  // namespace

std::string serving_text(const node::Routing& routing) {
  const auto leads = std::ranges::count(routing.routes, routing.self, &node::Routing::Route::leader);
  const auto orphans = std::ranges::count(routing.routes, NodeId(0), &node::Routing::Route::leader);
  std::string text = "serves as node " + std::to_string(routing.self.value) + ", leads " +
                     std::to_string(leads) + " of " + std::to_string(routing.routes.size()) + " vShards";
  if (orphans > 0) text += "; knows no leader of " + std::to_string(orphans);
  return text;
}

void Service::begin(const std::string& waits_for) {
  if (!waits_for.empty()) {
    say(waits_for);
    become_ready();
  }
  if (const std::int64_t patience_ns = systemd::watchdog_ns(); patience_ns > 0)
    watch(patience_ns / told_in_time);
}

void Service::serves(const node::Routing& routing) {
  if (ending_) return;
  say(serving_text(routing));
  become_ready();
}

void Service::ends(const std::string& why, std::int64_t within_ns) {
  if (std::exchange(ending_, true)) return;
  systemd::stopping(within_ns);
  say(why);
}

void Service::become_ready() {
  if (!std::exchange(ready_, true)) systemd::ready();
}

void Service::say(const std::string& text) {
  if (text == said_) return;
  said_ = text;
  systemd::status(text);
}

void Service::watch(std::int64_t every_ns) {
  timer_.expires_after(std::chrono::nanoseconds(every_ns));
  timer_.async_wait([this, every_ns](const std::error_code& cancelled) {
    if (cancelled) return;
    const Time began = step_began_();
    if (began == long_ago || edge::monotonic_time() - began < every_ns) systemd::alive();
    watch(every_ns);
  });
}

}  // namespace nodedb::app
