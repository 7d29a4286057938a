// SPDX-License-Identifier: Apache-2.0
#pragma once

// The log of requests' paths: a line for each slow one as far as a few lines a second suffice, and one that
// says how many more there were; and the same, apart, for those that are only traced. A line says which
// vShard, how it ended and what it waited for; never a key or a value. docs/operating.md, "Slow requests",
// tells how to read it. Net thread.

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>

#include "base/request_path.h"
#include "base/time.h"

namespace nodedb::app {

class PathLog {
 public:
  static constexpr std::uint64_t lines_per_second = 5;

  explicit PathLog(asio::io_context& loop) : timer_(loop) {}

  void told(const RequestPath& path, Time now);
  void stop() { timer_.cancel(); }

  /// When `wake` has something to say, even if nothing else is told; `never`: it has not.
  Time deadline() const;
  void wake(Time now);

  /// Of this node's own clients, since the start.
  std::uint64_t slow_requests() const { return slow_requests_; }

 private:
  /// What is written of the second under way.
  struct Budget {
    Time second = long_ago;  ///< when it began
    std::uint64_t lines = 0;
    std::uint64_t left_out = 0;

    Time deadline() const { return left_out == 0 ? never : second + ns_per_s; }
  };

  void watch();

  asio::steady_timer timer_;
  bool watching_ = false;
  Budget slow_;
  Budget traced_;
  std::uint64_t slow_requests_ = 0;
};

}  // namespace nodedb::app
