// SPDX-License-Identifier: Apache-2.0
#include "edge/systemd/notify.h"

#include <systemd/sd-daemon.h>

#include "base/time.h"
#include "edge/base/clock.h"

namespace nodedb::systemd {

namespace {

/// Lines NAME=VALUE.
void tell(const std::string& lines) {
  static_cast<void>(::sd_notify(0, lines.c_str()));
}

}  // namespace

void status(const std::string& text) {
  tell("STATUS=" + text);
}

void ready() {
  tell("READY=1");
}

void reloading() {
  // The time tells the manager which of several reloads it was.
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(edge::monotonic_time().ns / ns_per_us));
}

void stopping(std::int64_t within_ns) {
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(within_ns / ns_per_us));
}

void alive() {
  tell("WATCHDOG=1");
}

std::int64_t watchdog_ns() {
  std::uint64_t interval_us = 0;
  if (::sd_watchdog_enabled(0, &interval_us) <= 0 || interval_us > INT64_MAX / ns_per_us) return 0;
  return static_cast<std::int64_t>(interval_us) * ns_per_us;
}

}  // namespace nodedb::systemd
