// SPDX-License-Identifier: Apache-2.0
#pragma once

// A writer beside a test: what it was told is written must be there afterwards.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {

/// Writes through one node after the other until it ends, each time another key of one vShard; what is
/// acknowledged must stay.
class Load {
 public:
  Load(std::vector<int> ports, std::string tag)
      : ports_(std::move(ports)), tag_(std::move(tag)), thread_([this] { work(); }) {}
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// How many writes have been acknowledged.
  std::int64_t stop() {
    if (thread_.joinable()) {
      ending_ = true;
      thread_.join();
    }
    return acknowledged_;
  }
  /// How many times a write was not answered by OK. Pre: stopped.
  std::int64_t failed() const { return failed_; }
  /// How many of them are not there when read through that node.
  std::int64_t lost(int port) const {
    Redis client(port, read_patience_ms);
    std::int64_t missing = 0;
    for (std::int64_t i = 1; i <= acknowledged_; ++i)
      if (!client.command({"GET", key(i)}).is(std::to_string(i))) ++missing;
    return missing;
  }

 private:
  static constexpr int read_patience_ms = 20'000;

  std::string key(std::int64_t i) const { return "{" + tag_ + "}:" + std::to_string(i); }
  void work() {
    std::size_t at = 0;
    auto client = std::make_unique<Redis>(ports_[at], 2'000);
    for (std::int64_t next = 1; !ending_; ++next) {
      while (!client->command({"SET", key(next), std::to_string(next)}).is("OK")) {
        if (ending_) return;
        ++failed_;
        at = (at + 1) % ports_.size();
        client = std::make_unique<Redis>(ports_[at], 2'000);
        sleep_ms(20);
      }
      acknowledged_ = next;
    }
  }

  std::vector<int> ports_;
  std::string tag_;
  std::int64_t acknowledged_ = 0;
  std::int64_t failed_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace nodedb::e2e
