// SPDX-License-Identifier: Apache-2.0
// Group 0's entries and rows, and an entry against a cluster of three that moves a vShard. Whatever decodes
// survives a round trip; what the machine writes, the tables can read.

#include "meta/codec.h"
#include "meta/machine.h"
#include "meta/placement.h"
#include "meta/rows.h"
#include "meta/tables.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/meta/map_view.h"

namespace {

using namespace nodedb;

// Node 4 is there to move to; migration 0…07 moves vShard 0 to it.
meta::test::MapView::Rows a_cluster() {
  meta::GenesisPlan plan;
  plan.vshards_placed = 4;
  plan.cluster.bytes[0] = 1;
  for (std::uint8_t i = 1; i <= 4; ++i) {
    Uuid uuid;
    uuid.bytes[0] = i;
    plan.founders.push_back({uuid, "host" + std::to_string(i) + ":1", ""});
  }
  meta::Genesis genesis = meta::make_genesis(plan).value();
  for (meta::Member& member : genesis.members) member.state = meta::MemberState::active;
  genesis.placement[0] = genesis.placement[1023] = {Epoch(3), {NodeId(1), NodeId(2), NodeId(3)}};
  meta::test::MapView::Rows rows;
  for (const Put& row : meta::rows_of(genesis)) rows.emplace(row.key, row.value);
  meta::MigrationIntent intent;
  intent.id.bytes[15] = 7;
  intent.first = {VShardId(0), NodeId(1), NodeId(4), GroupId(1), 500'000, {}};
  intent.epoch = Epoch(3);
  rows.emplace(meta::intent_key(intent.id), meta::encode(intent));
  rows.emplace(meta::checkpoint_key(intent.id),
               meta::encode(meta::make_checkpoint(intent.id, 0, intent.first, 0)));
  return rows;
}

template <class Decode>
void round_trip(BytesView bytes, Decode decode) {
  if (const auto shape = decode(bytes)) CHECK(decode(meta::encode(*shape)) == *shape);
}

}  // namespace

extern "C" int NODEDB_FUZZER(meta)(const std::uint8_t* data, std::size_t size) {
  const BytesView bytes = fuzz::view(data, size);
  round_trip(bytes, meta::decode_entry);
  round_trip(bytes, meta::decode_genesis);
  round_trip(bytes, meta::decode_cluster);
  round_trip(bytes, meta::decode_member);
  round_trip(bytes, meta::decode_placement);
  round_trip(bytes, meta::decode_payload);
  round_trip(bytes, [](BytesView row) { return meta::decode_checkpoint(row); });
  round_trip(bytes, meta::decode_intent);
  round_trip(bytes, meta::decode_history);
  round_trip(bytes, meta::decode_ghost);
  round_trip(bytes, meta::decode_setting);
  round_trip(bytes, meta::decode_token);
  round_trip(bytes, meta::decode_audit_line);
  round_trip(bytes, meta::decode_recovery);
  round_trip(bytes, meta::decode_authority);
  round_trip(bytes, meta::decode_member_trust);
  (void)meta::decode_result(bytes);

  static const auto rows = a_cluster();
  static const meta::test::MapView view(rows);
  const auto output = meta::Machine().apply(view, {VShardId(), Index(2), {}, bytes});
  if (!output) return 0;
  meta::Tables tables;
  for (const Write& write : output->writes) CHECK(tables.absorb(write).has_value());
  CHECK(tables.migrations.quarantined().empty());
  return 0;
}
