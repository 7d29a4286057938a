// SPDX-License-Identifier: Apache-2.0
#include "meta/rows.h"

#include <algorithm>

namespace nodedb::meta {

namespace {

constexpr char cluster_tag = 'c';
constexpr char member_tag = 'm';
constexpr char placement_tag = 'p';
constexpr char checkpoint_tag = 'g';
constexpr char intent_tag = 'i';
constexpr char history_tag = 'h';
constexpr char ghost_tag = 'x';
constexpr char setting_tag = 's';
constexpr char token_tag = 't';
constexpr char audit_tag = 'a';
constexpr char recovery_tag = 'r';
constexpr char authority_tag = 'f';
constexpr char member_trust_tag = 'y';

void append(Bytes& key, std::uint64_t number, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(number >> shift & 0xff));
  }
}

Bytes numbered(char tag, std::uint64_t number, int width) {
  Bytes key(1, tag);
  append(key, number, width);
  return key;
}

Bytes identified(char tag, const MigrationId& id) {
  Bytes key(1, tag);
  for (const std::uint8_t byte : id.bytes) key.push_back(static_cast<char>(byte));
  return key;
}

std::uint64_t number_in(BytesView digits) {
  std::uint64_t number = 0;
  for (const char c : digits) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

// Pre: 4 digits.
NodeId node_in(BytesView digits) {
  return NodeId(static_cast<std::uint32_t>(number_in(digits)));
}

// Pre: 2 digits.
std::optional<VShardId> vshard_in(BytesView digits) {
  const std::uint64_t number = number_in(digits);
  if (number >= vshard_count) return std::nullopt;
  return VShardId(static_cast<std::uint16_t>(number));
}

// Pre: 16 digits.
MigrationId id_in(BytesView digits) {
  MigrationId id;
  std::ranges::transform(digits, id.bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return id;
}

// Pre: 32 digits.
Digest fingerprint_in(BytesView digits) {
  Digest digest;
  std::ranges::transform(digits, digest.bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return digest;
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

Bytes checkpoint_key(MigrationId id) {
  return identified(checkpoint_tag, id);
}

Bytes intent_key(MigrationId id) {
  return identified(intent_tag, id);
}

Bytes history_key(std::uint64_t ended) {
  return numbered(history_tag, ended, 8);
}

Bytes ghost_key(VShardId vshard, NodeId node) {
  Bytes key = numbered(ghost_tag, vshard.value, 2);
  append(key, node.value, 4);
  return key;
}

Bytes setting_key(BytesView name) {
  return Bytes(1, setting_tag) + Bytes(name);
}

Bytes token_key(TokenId id) {
  return numbered(token_tag, id.value, 8);
}

Bytes audit_key(std::uint64_t at, std::uint16_t nth) {
  Bytes key = numbered(audit_tag, at, 8);
  append(key, nth, 2);
  return key;
}

Bytes recovery_key(VShardId vshard) {
  return numbered(recovery_tag, vshard.value, 2);
}

Bytes authority_key(const Digest& fingerprint) {
  Bytes key(1, authority_tag);
  for (const std::uint8_t byte : fingerprint.bytes) key.push_back(static_cast<char>(byte));
  return key;
}

Bytes member_trust_key(NodeId node) {
  return numbered(member_trust_tag, node.value, 4);
}

std::optional<RowKey> row_key_in(BytesView key) {
  if (key.empty()) return std::nullopt;
  const char tag = key[0];
  const BytesView digits = key.substr(1);
  if (tag == cluster_tag && digits.empty()) return ClusterKey{};
  if (tag == member_tag && digits.size() == 4) return node_in(digits);
  if (tag == placement_tag && digits.size() == 2) {
    if (const auto vshard = vshard_in(digits)) return *vshard;
  }
  if (tag == recovery_tag && digits.size() == 2) {
    if (const auto vshard = vshard_in(digits)) return RecoveryKey{*vshard};
  }
  if (tag == checkpoint_tag && digits.size() == 16) return CheckpointKey{id_in(digits)};
  if (tag == intent_tag && digits.size() == 16) return IntentKey{id_in(digits)};
  if (tag == history_tag && digits.size() == 8) return HistoryKey{number_in(digits)};
  if (tag == ghost_tag && digits.size() == 6) {
    if (const auto vshard = vshard_in(digits.substr(0, 2)))
      return GhostKey{*vshard, node_in(digits.substr(2))};
  }
  if (tag == setting_tag && !digits.empty()) return SettingKey{Bytes(digits)};
  if (tag == token_tag && digits.size() == 8) return TokenKey{TokenId(number_in(digits))};
  if (tag == audit_tag && digits.size() == 10) {
    return AuditKey{number_in(digits.substr(0, 8)), static_cast<std::uint16_t>(number_in(digits.substr(8)))};
  }
  if (tag == authority_tag && digits.size() == 32) return AuthorityKey{fingerprint_in(digits)};
  if (tag == member_trust_tag && digits.size() == 4) return MemberTrustKey{node_in(digits)};
  return std::nullopt;
}

}  // namespace nodedb::meta
