// SPDX-License-Identifier: Apache-2.0
#include "meta/tables.h"

#include <algorithm>

#include "base/check.h"
#include "meta/codec.h"
#include "meta/rows.h"

namespace nodedb::meta {

namespace {

constexpr Placement nowhere() {
  return Placement{Epoch(0), {}};
}

}  // namespace

Result<void> Tables::absorb(const Write& write) {
  if (const auto* put = std::get_if<Put>(&write)) return store(*put);
  if (const auto* gone = std::get_if<Delete>(&write)) {
    drop(gone->key, gone->key + '\0');
  } else {
    const auto& range = std::get<DeleteRange>(write);
    drop(range.from, range.to);
  }
  return {};
}

Result<void> Tables::store(const Put& put) {
  const auto key = row_key_in(put.key);
  if (!key) return {};
  if (std::holds_alternative<ClusterKey>(*key)) {
    auto row = decode_cluster(put.value);
    if (!row) return std::unexpected(row.error());
    cluster = std::move(*row);
  } else if (const auto* node = std::get_if<NodeId>(&*key)) {
    auto row = decode_member(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->id != *node) return fail(Code::damaged, "a member's row lies under another member's key");
    members.insert_or_assign(*node, std::move(*row));
  } else {
    auto row = decode_placement(put.value);
    if (!row) return std::unexpected(row.error());
    placement[std::get<VShardId>(*key).value] = std::move(*row);
  }
  return {};
}

void Tables::drop(BytesView from, BytesView to) {
  const auto within = [&](const Bytes& key) { return key >= from && (to.empty() || key < to); };
  if (within(cluster_key())) cluster.reset();
  std::erase_if(members, [&](const auto& member) { return within(member_key(member.first)); });
  for (std::uint16_t v = 0; v < vshard_count; ++v) {
    if (within(placement_key(VShardId(v)))) placement[v] = nowhere();
  }
}

const Member* Tables::find(const Uuid& uuid) const {
  const auto found =
      std::ranges::find_if(members, [&](const auto& member) { return member.second.uuid == uuid; });
  return found == members.end() ? nullptr : &found->second;
}

std::vector<Put> rows_of(const Genesis& genesis) {
  CHECK(genesis.placement.size() <= vshard_count);
  std::vector<Put> rows{{cluster_key(), encode(genesis.cluster)}};
  for (const Member& member : genesis.members) rows.push_back({member_key(member.id), encode(member)});
  for (std::uint16_t v = 0; v < genesis.placement.size(); ++v) {
    rows.push_back({placement_key(VShardId(v)), encode(genesis.placement[v])});
  }
  std::ranges::sort(rows, {}, &Put::key);
  return rows;
}

}  // namespace nodedb::meta
