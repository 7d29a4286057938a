// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the service manager is told of this process: sd_notify(3), a datagram to $NOTIFY_SOCKET. Without such
// a manager nothing happens, and nothing here fails: a manager that does not listen is no reason to stop. Any
// thread.

#include <cstdint>
#include <string>

namespace nodedb::systemd {

/// One line for people, as `systemctl status` shows it.
void status(const std::string& text);
/// The start is over, or a reload that was told with `reloading`.
void ready();
void reloading();
/// From now on it ends by itself, within that time.
void stopping(std::int64_t within_ns);
/// To be said again within `watchdog_ns`, or the process is killed.
void alive();
/// 0: nobody watches this process.
std::int64_t watchdog_ns();

}  // namespace nodedb::systemd
