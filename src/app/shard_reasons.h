// SPDX-License-Identifier: Apache-2.0
#pragma once

// Why a vShard does not serve, or not as it should: what is missing, since when, and the command that helps.
// From all that the nodes say about it. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "app/operator_calls.h"
#include "base/ids.h"

namespace nodedb::app {

struct ShardReason {
  std::string what;
  std::int64_t since_ms = -1;  ///< for how long; -1: not known
  std::string next;            ///< a command; empty: it mends itself
};

struct ShardPicture {
  std::int64_t leader = 0;  ///< 0: none that answers
  std::vector<std::int64_t> wanted;
  std::vector<std::int64_t> voters;
  std::int64_t lag = 0;  ///< entries, of the replica that is furthest behind
  bool serves = false;   ///< it has a leader and a majority of its voters answers
  /// The gravest first; none: it waits for nothing.
  std::vector<ShardReason> reasons;
};

/// What to ask for: the answers that `picture_of_shard` reads.
node::StatusWish shard_wish(VShardId vshard);
ShardPicture picture_of_shard(std::span<const NodeAnswer> answers, VShardId vshard);

Json shard_picture_json(const ShardPicture& picture, VShardId vshard);
std::string shard_picture_text(const ShardPicture& picture, VShardId vshard);

}  // namespace nodedb::app
