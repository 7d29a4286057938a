// SPDX-License-Identifier: Apache-2.0
#pragma once

// Names of keys that lie where they are wanted. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"

namespace nodedb::load {

/// A key that begins with `name` and lies in the vShard.
std::string key_in(VShardId vshard, const std::string& name);

/// So many keys, `prefix` and a number each, in so many vShards, which are spread over all.
std::vector<std::string> keys_over(std::uint16_t vshards, const std::string& prefix, std::uint64_t count);

}  // namespace nodedb::load
