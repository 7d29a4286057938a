// SPDX-License-Identifier: Apache-2.0
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

constexpr char cluster_tag = 'c';
constexpr char member_tag = 'm';
constexpr char placement_tag = 'p';

Bytes numbered(char tag, std::uint32_t number, int width) {
  Bytes key(1, tag);
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(number >> shift & 0xff));
  return key;
}

std::uint32_t number_in(BytesView digits) {
  std::uint32_t number = 0;
  for (const char c : digits) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

Bytes cluster_key() {
  return Bytes(1, cluster_tag);
}

Bytes member_key(NodeId node) {
  return numbered(member_tag, node.value, 4);
}

Bytes placement_key(VShardId vshard) {
  return numbered(placement_tag, vshard.value, 2);
}

std::optional<RowKey> row_key_in(BytesView key) {
  if (key.empty()) return std::nullopt;
  const BytesView digits = key.substr(1);
  if (key[0] == cluster_tag && digits.empty()) return ClusterKey{};
  if (key[0] == member_tag && digits.size() == 4) return NodeId(number_in(digits));
  if (key[0] == placement_tag && digits.size() == 2 && number_in(digits) < vshard_count) {
    return VShardId(static_cast<std::uint16_t>(number_in(digits)));
  }
  return std::nullopt;
}

}  // namespace nodedb::meta
