// SPDX-License-Identifier: Apache-2.0
#include "node/log_shares.h"

#include <algorithm>

namespace nodedb::node {

namespace {

constexpr std::size_t share_floor = 4 * 1024;

}  // namespace

LogShares log_shares(const Options& options, std::size_t groups, std::size_t held_bytes) {
  const std::size_t most = options.log_bytes_per_group;
  const std::size_t share = std::min(std::max(options.log_bytes_per_node / groups / 2, share_floor), most);
  return {share, held_bytes > options.log_bytes_per_node / 2 ? share : most};
}

}  // namespace nodedb::node
