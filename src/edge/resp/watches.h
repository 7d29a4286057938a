// SPDX-License-Identifier: Apache-2.0
#pragma once

// The keys that a connection watches, with the version that each had when it was looked at. Versions arrive
// later than the WATCH itself, so a set is shared between the session and the jobs that fill and check it.

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace nodedb::resp {

/// Keys of one connection; a lookup among them is linear.
inline constexpr std::size_t watched_keys_max = 4096;

struct WatchSet {
  struct Key {
    Bytes key;
    std::uint16_t slot = 0;
    bool known = false;  ///< the version has been read
    bool present = false;
    Index token;
  };
  std::vector<Key> keys;
  std::size_t bytes = 0;
};

/// Shared: a WATCH that is still on its way outlives an UNWATCH behind it.
using SharedWatches = std::shared_ptr<WatchSet>;

}  // namespace nodedb::resp
