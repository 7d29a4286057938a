// SPDX-License-Identifier: Apache-2.0
#pragma once

// A service manager that only listens: while it lives, NOTIFY_SOCKET of this process, and of those that it
// starts, names its socket. One at a time. Senders wait while it has some ten datagrams unread.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "edge/disk/files.h"

namespace nodedb::systemd {

class FakeManager {
 public:
  /// `address`: as in NOTIFY_SOCKET: a path, or @ and a name without a file.
  explicit FakeManager(const std::string& address)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    CHECK(address.size() < sizeof name.sun_path);
    address.copy(name.sun_path, address.size());
    if (address.front() == '@') name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    CHECK(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&name), size) == 0);
    ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
  }
  ~FakeManager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
  }
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;

  /// Who starts from now on is to say within that time, again and again, that it lives.
  static void watch(std::chrono::microseconds interval) {
    ::setenv("WATCHDOG_USEC", std::to_string(interval.count()).c_str(), 1);
  }
  /// The next datagram, or nothing in time.
  std::string next(std::chrono::milliseconds patience) {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return {};
    std::array<char, 4096> bytes{};
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    CHECK(size > 0);
    heard_.emplace_back(bytes.data(), static_cast<std::size_t>(size));
    return heard_.back();
  }
  /// Listens until a datagram begins so. False: not in time.
  bool hears(std::string_view what, std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end)
      if (next(std::chrono::milliseconds(50)).starts_with(what)) return true;
    return false;
  }
  /// Everything that waits.
  void listen() {
    while (!next(std::chrono::milliseconds(0)).empty()) {
    }
  }
  const std::vector<std::string>& heard() const { return heard_; }
  void forget() { heard_.clear(); }

 private:
  edge::FileHandle socket_;
  std::vector<std::string> heard_;
};

}  // namespace nodedb::systemd
