// SPDX-License-Identifier: Apache-2.0
#pragma once

// The reads of one group that wait until what they must see has been given to the apply thread, rising by
// index. Owned by the core thread.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/queue.h"

namespace nodedb::node {

class PendingReads {
 public:
  /// Reads of one index keep their order.
  void add(Index at, std::uint64_t token) {
    reads_.insert(std::ranges::upper_bound(reads_, at, {}, &Read::at), {at, token});
  }
  /// The first one, if it waits for nothing above `handed`: it waits no more.
  std::optional<std::uint64_t> take(Index handed) {
    if (reads_.empty() || reads_.front().at > handed) return std::nullopt;
    const std::uint64_t token = reads_.front().token;
    reads_.pop_front();
    return token;
  }
  /// It need not be there.
  void drop(Index at, std::uint64_t token) {
    const auto [first, last] = std::ranges::equal_range(reads_, at, {}, &Read::at);
    const auto read = std::ranges::find(first, last, token, &Read::token);
    if (read != last) reads_.erase(read);
  }

 private:
  struct Read {
    Index at;
    std::uint64_t token = 0;
  };
  Queue<Read> reads_;
};

}  // namespace nodedb::node
