// SPDX-License-Identifier: Apache-2.0
// The bytes of group 0's entries.
#include "meta/codec.h"
#include "meta/shapes.h"

namespace nodedb::meta {

namespace {

// --- entries: with version and kind each, so that those of a batch are read like any other ---

struct PutEntry {
  Packer& out;

  void operator()(const MemberUp& up) const {
    begin(out, Kind::member_up, 7);
    out.number(up.node.value);
    out.number(up.incarnation.value);
    out.text(up.address, limits::address_bytes_max);
    out.text(up.client_address, limits::address_bytes_max);
    out.text(up.name, limits::name_bytes_max);
    out.text(up.zone, limits::name_bytes_max);
    out.number(up.capacity);
  }
  void operator()(const PlacementChange& change) const {
    begin(out, Kind::placement_change, 3);
    out.number(change.vshard.value);
    put(out, change.placement);
  }
  void operator()(const ClusterVersion& version) const {
    begin(out, Kind::cluster_version, 1);
    out.number(version.version);
  }
  void operator()(const MigrationCheckpoint& entry) const {
    begin(out, Kind::migration_checkpoint, checkpoint_fields);
    put(out, entry.checkpoint);
  }
  void operator()(const MigrationAbort& abort) const {
    begin(out, Kind::migration_abort, 3);
    put_id(out, abort.id);
    out.text(abort.reason, limits::migration_reason_bytes_max);
    put_steps(out, abort.compensations);
  }
  void operator()(const MigrationEnd& end) const {
    begin(out, Kind::migration_end, 3);
    put_id(out, end.id);
    out.number(static_cast<std::uint64_t>(end.outcome));
    out.number(end.ts_ms);
  }
  void operator()(const GhostPurge& purge) const {
    begin(out, Kind::ghost_purge, 3);
    out.number(purge.vshard.value);
    out.number(purge.node.value);
    out.number(purge.cutover);
  }
  template <class Other>
  void operator()(const Other& entry) const {
    put_entry(out, entry);
  }
  void operator()(const MetaBatch& batch) const {
    begin(out, Kind::batch, 1);
    out.array(batch.entries.size());
    for (const SingleEntry& entry : batch.entries) std::visit(*this, entry);
  }
};

MemberUp get_member_up(Fields& in) {
  MemberUp up;
  up.node = NodeId(in.number<std::uint32_t>());
  up.incarnation = Incarnation(in.number<std::uint64_t>());
  up.address = in.text(limits::address_bytes_max);
  up.client_address = in.text(limits::address_bytes_max);
  up.name = in.text(limits::name_bytes_max);
  up.zone = in.text(limits::name_bytes_max);
  up.capacity = in.number<std::uint32_t>();
  in.end();
  return up;
}

PlacementChange get_placement_change(Fields& in) {
  PlacementChange change;
  change.vshard = VShardId(in.number<std::uint16_t>(vshard_count - 1));
  change.placement = get_placement(in);
  return change;
}

ClusterVersion get_cluster_version(Fields& in) {
  const ClusterVersion version{in.number<std::uint32_t>()};
  in.end();
  return version;
}

MigrationCheckpoint get_migration_checkpoint(Fields& in, Trouble& trouble) {
  MigrationCheckpoint entry{get_checkpoint(in, trouble)};
  in.end();
  return entry;
}

MigrationAbort get_migration_abort(Fields& in, Trouble& trouble) {
  MigrationAbort abort;
  abort.id = get_id(in, trouble);
  abort.reason = in.text(limits::migration_reason_bytes_max);
  abort.compensations = get_steps(in);
  in.end();
  return abort;
}

MigrationEnd get_migration_end(Fields& in, Trouble& trouble) {
  MigrationEnd end;
  end.id = get_id(in, trouble);
  end.outcome = get_outcome(in);
  end.ts_ms = in.number<std::uint64_t>();
  in.end();
  return end;
}

GhostPurge get_ghost_purge(Fields& in) {
  GhostPurge purge;
  purge.vshard = VShardId(in.number<std::uint16_t>(vshard_count - 1));
  purge.node = NodeId(in.number<std::uint32_t>());
  purge.cutover = in.number<std::uint64_t>();
  in.end();
  return purge;
}

SingleEntry get_single(Fields& in, Kind kind, Trouble& trouble) {
  switch (kind) {
    case Kind::member_up:
      return get_member_up(in);
    case Kind::placement_change:
      return get_placement_change(in);
    case Kind::cluster_version:
      return get_cluster_version(in);
    case Kind::migration_checkpoint:
      return get_migration_checkpoint(in, trouble);
    case Kind::migration_abort:
      return get_migration_abort(in, trouble);
    case Kind::migration_end:
      return get_migration_end(in, trouble);
    case Kind::ghost_purge:
      return get_ghost_purge(in);
    case Kind::member_join:
      return get_member_join(in);
    case Kind::member_change:
      return get_member_change(in);
    case Kind::setting_change:
      return get_setting_change(in);
    case Kind::token_create:
      return get_token_create(in, trouble);
    case Kind::token_claim:
      return get_token_claim(in, trouble);
    case Kind::token_revoke:
      return get_token_revoke(in);
    case Kind::audit_note:
      return get_audit_note(in);
    case Kind::member_lost:
      return get_member_lost(in);
    case Kind::recovery_start:
      return get_recovery_start(in);
    case Kind::recovery_end:
      return get_recovery_end(in);
    case Kind::authority_stage:
      return get_authority_stage(in, trouble);
    case Kind::authority_finalise:
      return get_authority_finalise(in, trouble);
    case Kind::member_trust_report:
      return get_member_trust(in, trouble);
    case Kind::batch:
      trouble.refuse(Code::malformed, "batches do not nest");
      return {};
    case Kind::cluster:
    case Kind::member:
    case Kind::placement:
    case Kind::genesis:
    case Kind::checkpoint:
    case Kind::intent:
    case Kind::history:
    case Kind::ghost:
    case Kind::setting:
    case Kind::token:
    case Kind::audit_line:
    case Kind::recovery:
    case Kind::authority:
    case Kind::member_trust:
    case Kind::result:
    case Kind::add_learner:
    case Kind::catch_up:
    case Kind::promote_learner:
    case Kind::leadership_transfer:
    case Kind::cutover:
    case Kind::complete:
      trouble.refuse(Code::malformed, "it is not an entry");
      return {};
  }
  trouble.refuse(Code::incompatible,
                 "it has the unknown kind " + std::to_string(static_cast<unsigned>(kind)));
  return {};
}

MetaEntry get_entry(Fields& in, Kind kind, Trouble& trouble) {
  if (kind != Kind::batch) {
    return std::visit([](auto&& entry) -> MetaEntry { return std::move(entry); },
                      get_single(in, kind, trouble));
  }
  MetaBatch batch;
  Fields entries = in.array(limits::meta_batch_max);
  while (entries.ok() && entries.left() > 0) {
    Fields entry = entries.array(array_max);
    const Kind inner = get_kind(entry, trouble);
    if (entries.ok()) batch.entries.push_back(get_single(entry, inner, trouble));
  }
  in.end();
  return batch;
}

}  // namespace

Bytes encode(const MetaEntry& entry) {
  Bytes bytes;
  Packer out(bytes);
  std::visit(PutEntry{out}, entry);
  return bytes;
}

Result<MetaEntry> decode_entry(BytesView bytes) {
  return unpacked(bytes, "a metadata entry", get_entry);
}

}  // namespace nodedb::meta
