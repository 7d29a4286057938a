// SPDX-License-Identifier: Apache-2.0
#include "load/keys.h"

#include <algorithm>

#include "base/slot.h"

namespace nodedb::load {

std::string key_in(VShardId vshard, const std::string& name) {
  for (int i = 0;; ++i) {
    std::string key = name + ":" + std::to_string(i);
    if (vshard_of_slot(slot_of(key)) == vshard) return key;
  }
}

std::vector<std::string> keys_over(std::uint16_t vshards, const std::string& prefix, std::uint64_t count) {
  // What stands between braces decides where a key lies.
  std::vector<std::string> tags;
  for (std::uint32_t i = 0; i < std::min<std::uint64_t>(vshards, count); ++i)
    tags.push_back("{" + key_in(VShardId(static_cast<std::uint16_t>(i * vshard_count / vshards)), "") + "}");
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i)
    keys.push_back(prefix + tags[i % tags.size()] + std::to_string(i));
  return keys;
}

}  // namespace nodedb::load
