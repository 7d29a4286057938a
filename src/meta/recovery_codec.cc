// SPDX-License-Identifier: Apache-2.0
// The bytes of meta/recovery.h.
#include "meta/codec.h"
#include "meta/shapes.h"

namespace nodedb::meta {

namespace {

constexpr std::size_t recovery_fields = 7;

void put(Packer& out, const Recovery& recovery) {
  out.number(recovery.vshard.value);
  out.number(recovery.epoch.value);
  out.number(recovery.survivor.value);
  put_nodes(out, recovery.learners);
  out.number(recovery.term.value);
  out.number(recovery.last.value);
  out.number(recovery.last_term.value);
}

Recovery get_recovery(Fields& in) {
  Recovery recovery;
  recovery.vshard = VShardId(in.number<std::uint16_t>(vshard_count - 1));
  recovery.epoch = Epoch(in.number<std::uint64_t>());
  recovery.survivor = NodeId(in.number<std::uint32_t>());
  recovery.learners = get_nodes(in);
  recovery.term = Term(in.number<std::uint64_t>());
  recovery.last = Index(in.number<std::uint64_t>());
  recovery.last_term = Term(in.number<std::uint64_t>());
  return recovery;
}

}  // namespace

void put_entry(Packer& out, const MemberLost& entry) {
  begin(out, Kind::member_lost, 1 + stamp_fields);
  out.number(entry.node.value);
  put(out, entry.by);
}

MemberLost get_member_lost(Fields& in) {
  MemberLost entry;
  entry.node = NodeId(in.number<std::uint32_t>());
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const RecoveryStart& entry) {
  begin(out, Kind::recovery_start, recovery_fields + stamp_fields);
  put(out, entry.recovery);
  put(out, entry.by);
}

RecoveryStart get_recovery_start(Fields& in) {
  RecoveryStart entry;
  entry.recovery = get_recovery(in);
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const RecoveryEnd& entry) {
  begin(out, Kind::recovery_end, 2);
  out.number(entry.vshard.value);
  out.number(entry.term.value);
}

RecoveryEnd get_recovery_end(Fields& in) {
  RecoveryEnd entry;
  entry.vshard = VShardId(in.number<std::uint16_t>(vshard_count - 1));
  entry.term = Term(in.number<std::uint64_t>());
  in.end();
  return entry;
}

Bytes encode(const Recovery& recovery) {
  return packed(Kind::recovery, recovery_fields, [&](Packer& out) { put(out, recovery); });
}

Result<Recovery> decode_recovery(BytesView bytes) {
  return unpacked_row(bytes, Kind::recovery, "a vShard's recovery", [](Fields& in) {
    Recovery recovery = get_recovery(in);
    in.end();
    return recovery;
  });
}

}  // namespace nodedb::meta
