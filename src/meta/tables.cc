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

// One row, under its key.
struct Tables::Store {
  Tables& tables;
  const Put& put;

  Result<void> operator()(const ClusterKey&) const {
    auto row = decode_cluster(put.value);
    if (!row) return std::unexpected(row.error());
    tables.cluster = std::move(*row);
    return {};
  }
  Result<void> operator()(const NodeId& node) const {
    auto row = decode_member(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->id != node) return fail(Code::damaged, "a member's row lies under another member's key");
    tables.members.insert_or_assign(node, std::move(*row));
    return {};
  }
  Result<void> operator()(const VShardId& vshard) const {
    auto row = decode_placement(put.value);
    if (!row) return std::unexpected(row.error());
    tables.placement[vshard.value] = std::move(*row);
    return {};
  }
  Result<void> operator()(const CheckpointKey&) const {
    tables.migrations.absorb_checkpoint(put.key, put.value);
    return {};
  }
  Result<void> operator()(const IntentKey&) const {
    tables.migrations.absorb_intent(put.key, put.value);
    return {};
  }
  Result<void> operator()(const HistoryKey& key) const {
    auto row = decode_history(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->ended != key.ended) return fail(Code::damaged, "a migration's history lies under another's key");
    tables.history.insert_or_assign(key.ended, std::move(*row));
    return {};
  }
  Result<void> operator()(const GhostKey& key) const {
    auto row = decode_ghost(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->vshard != key.vshard || row->node != key.node) {
      return fail(Code::damaged, "a ghost stub lies under another's key");
    }
    tables.ghosts.insert_or_assign({key.vshard, key.node}, std::move(*row));
    return {};
  }
  Result<void> operator()(const SettingKey& key) const {
    auto row = decode_setting(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->name != key.name) return fail(Code::damaged, "a setting lies under another's key");
    tables.setting_rows.insert_or_assign(key.name, std::move(row->value));
    tables.settings = settings_in(tables.setting_rows);
    return {};
  }
  Result<void> operator()(const TokenKey& key) const {
    auto row = decode_token(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->id != key.id) return fail(Code::damaged, "a token lies under another's key");
    tables.tokens.insert_or_assign(key.id, std::move(*row));
    return {};
  }
  Result<void> operator()(const AuditKey& key) const {
    auto row = decode_audit_line(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->at != key.at || row->nth != key.nth)
      return fail(Code::damaged, "a line of the audit log lies under another's key");
    tables.audit.insert_or_assign(key, std::move(*row));
    return {};
  }
  Result<void> operator()(const RecoveryKey& key) const {
    auto row = decode_recovery(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->vshard != key.vshard) return fail(Code::damaged, "a recovery lies under another vShard's key");
    tables.recoveries.insert_or_assign(key.vshard, std::move(*row));
    return {};
  }
  Result<void> operator()(const AuthorityKey& key) const {
    auto row = decode_authority(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->fingerprint != key.fingerprint)
      return fail(Code::damaged, "an authority lies under another's key");
    tables.authorities.insert_or_assign(key.fingerprint, std::move(*row));
    return {};
  }
  Result<void> operator()(const MemberTrustKey& key) const {
    auto row = decode_member_trust(put.value);
    if (!row) return std::unexpected(row.error());
    if (row->node != key.node) return fail(Code::damaged, "what a member trusts lies under another's key");
    tables.trusts.insert_or_assign(key.node, *row);
    return {};
  }
};

// The row under one key: what most entries delete, so it costs the same however many rows there are.
struct Tables::Erase {
  Tables& tables;
  const Bytes& key;

  void operator()(const ClusterKey&) const { tables.cluster.reset(); }
  void operator()(const NodeId& node) const { tables.members.erase(node); }
  void operator()(const VShardId& vshard) const { tables.placement[vshard.value] = nowhere(); }
  void operator()(const CheckpointKey&) const { tables.migrations.drop(key, key + '\0'); }
  void operator()(const IntentKey&) const { tables.migrations.drop(key, key + '\0'); }
  void operator()(const HistoryKey& at) const { tables.history.erase(at.ended); }
  void operator()(const GhostKey& at) const { tables.ghosts.erase({at.vshard, at.node}); }
  void operator()(const SettingKey& at) const {
    tables.setting_rows.erase(at.name);
    tables.settings = settings_in(tables.setting_rows);
  }
  void operator()(const TokenKey& at) const { tables.tokens.erase(at.id); }
  void operator()(const AuditKey& at) const { tables.audit.erase(at); }
  void operator()(const RecoveryKey& at) const { tables.recoveries.erase(at.vshard); }
  void operator()(const AuthorityKey& at) const { tables.authorities.erase(at.fingerprint); }
  void operator()(const MemberTrustKey& at) const { tables.trusts.erase(at.node); }
};

Result<void> Tables::absorb(const Write& write) {
  if (const auto* put = std::get_if<Put>(&write)) {
    const auto key = row_key_in(put->key);
    return key ? std::visit(Store{*this, *put}, *key) : Result<void>();
  }
  if (const auto* gone = std::get_if<Delete>(&write)) {
    if (const auto key = row_key_in(gone->key)) std::visit(Erase{*this, gone->key}, *key);
  } else {
    const auto& range = std::get<DeleteRange>(write);
    drop(range.from, range.to);
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
  migrations.drop(from, to);
  std::erase_if(ghosts,
                [&](const auto& ghost) { return within(ghost_key(ghost.first.first, ghost.first.second)); });
  std::erase_if(history, [&](const auto& ended) { return within(history_key(ended.first)); });
  std::erase_if(setting_rows, [&](const auto& row) { return within(setting_key(row.first)); });
  settings = settings_in(setting_rows);
  std::erase_if(tokens, [&](const auto& token) { return within(token_key(token.first)); });
  std::erase_if(recoveries, [&](const auto& row) { return within(recovery_key(row.first)); });
  std::erase_if(audit, [&](const auto& line) { return within(audit_key(line.first.at, line.first.nth)); });
  std::erase_if(authorities, [&](const auto& row) { return within(authority_key(row.first)); });
  std::erase_if(trusts, [&](const auto& row) { return within(member_trust_key(row.first)); });
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
