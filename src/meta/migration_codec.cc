// SPDX-License-Identifier: Apache-2.0
// The bytes of migrations: a checkpoint's payload, which is packed on its own so that its CRC is of exactly
// those bytes, and the rows that are kept of each.
#include "base/crc32c.h"
#include "meta/codec.h"
#include "meta/shapes.h"

namespace nodedb::meta {

namespace {

constexpr std::size_t steps_max = 16;
constexpr std::size_t seal_bytes = 4;

// --- payloads ---

struct PutPayload {
  Packer& out;

  void operator()(const AddLearnerCheckpoint& it) const {
    begin(out, Kind::add_learner, 7);
    out.number(it.vshard.value);
    out.number(it.source.value);
    out.number(it.target.value);
    out.number(it.source_group.value);
    out.number(it.write_pause_budget_us);
    out.number(static_cast<std::uint64_t>(it.started_at.wall_ns));
    out.number(it.started_at.logical);
  }
  void operator()(const CatchUpCheckpoint& it) const {
    begin(out, Kind::catch_up, 2);
    out.number(it.vshard.value);
    out.number(it.learner_index.value);
  }
  void operator()(const PromoteLearnerCheckpoint& it) const {
    begin(out, Kind::promote_learner, 3);
    out.number(it.vshard.value);
    out.number(it.target.value);
    out.number(it.source_group.value);
  }
  void operator()(const LeadershipTransferCheckpoint& it) const {
    begin(out, Kind::leadership_transfer, 4);
    out.number(it.vshard.value);
    out.truth(it.target_is_voter);
    out.number(it.new_leader.value);
    out.number(it.source_group.value);
  }
  void operator()(const CutoverCheckpoint& it) const {
    begin(out, Kind::cutover, 3);
    out.number(it.vshard.value);
    out.number(it.new_leader.value);
    out.number(it.source_group.value);
  }
  void operator()(const CompleteCheckpoint& it) const {
    begin(out, Kind::complete, 3);
    out.number(it.vshard.value);
    out.number(it.actual_pause_us);
    out.truth(it.ghost_stub_installed);
  }
};

VShardId get_vshard(Fields& in) {
  return VShardId(in.number<std::uint16_t>(vshard_count - 1));
}
NodeId get_node(Fields& in) {
  return NodeId(in.number<std::uint32_t>());
}
GroupId get_group(Fields& in) {
  return GroupId(in.number<std::uint32_t>());
}

AddLearnerCheckpoint get_add_learner(Fields& in) {
  AddLearnerCheckpoint it;
  it.vshard = get_vshard(in);
  it.source = get_node(in);
  it.target = get_node(in);
  it.source_group = get_group(in);
  it.write_pause_budget_us = in.number<std::uint64_t>();
  it.started_at.wall_ns = static_cast<std::int64_t>(in.number<std::uint64_t>());
  it.started_at.logical = in.number<std::uint32_t>();
  return it;
}

LeadershipTransferCheckpoint get_leadership_transfer(Fields& in) {
  LeadershipTransferCheckpoint it;
  it.vshard = get_vshard(in);
  it.target_is_voter = in.truth();
  it.new_leader = get_node(in);
  it.source_group = get_group(in);
  return it;
}

// Braces evaluate from left to right ([dcl.init.list]), so fields are taken in their order.
MigrationPayload get_payload(Fields& in, Kind kind, Trouble& trouble) {
  MigrationPayload payload;
  if (kind == Kind::add_learner) {
    payload = get_add_learner(in);
  } else if (kind == Kind::catch_up) {
    payload = CatchUpCheckpoint{get_vshard(in), Index(in.number<std::uint64_t>())};
  } else if (kind == Kind::promote_learner) {
    payload = PromoteLearnerCheckpoint{get_vshard(in), get_node(in), get_group(in)};
  } else if (kind == Kind::leadership_transfer) {
    payload = get_leadership_transfer(in);
  } else if (kind == Kind::cutover) {
    payload = CutoverCheckpoint{get_vshard(in), get_node(in), get_group(in)};
  } else if (kind == Kind::complete) {
    payload = CompleteCheckpoint{get_vshard(in), in.number<std::uint64_t>(), in.truth()};
  } else {
    trouble.refuse(Code::incompatible,
                   "it has the unknown kind " + std::to_string(static_cast<unsigned>(kind)));
  }
  in.end();
  return payload;
}

// --- rows ---

void put(Packer& out, const MigrationIntent& intent) {
  put_id(out, intent.id);
  out.bin(encode(MigrationPayload(intent.first)));
  out.number(intent.epoch.value);
  out.number(intent.begun);
  out.number(intent.cutover);
  out.number(intent.pause_us);
  out.truth(intent.aborting);
  out.text(intent.reason, limits::migration_reason_bytes_max);
  put_steps(out, intent.compensations);
}

MigrationIntent get_intent(Fields& in, Trouble& trouble) {
  MigrationIntent intent;
  intent.id = get_id(in, trouble);
  const auto first = decode_payload(in.bin());
  if (!in.ok()) return intent;
  if (!first) {
    trouble.refuse(first.error().code, first.error().detail);
  } else if (const auto* begun = std::get_if<AddLearnerCheckpoint>(&*first)) {
    intent.first = *begun;
  } else {
    trouble.refuse(Code::malformed, "it begins with another phase");
  }
  intent.epoch = Epoch(in.number<std::uint64_t>());
  intent.begun = in.number<std::uint64_t>();
  intent.cutover = in.number<std::uint64_t>();
  intent.pause_us = in.number<std::uint64_t>();
  intent.aborting = in.truth();
  intent.reason = in.text(limits::migration_reason_bytes_max);
  intent.compensations = get_steps(in);
  in.end();
  return intent;
}

void put(Packer& out, const MigrationHistory& history) {
  put_id(out, history.id);
  out.number(history.vshard.value);
  out.number(history.source.value);
  out.number(history.target.value);
  out.number(static_cast<std::uint64_t>(history.outcome));
  out.number(history.attempts);
  out.number(history.pause_us);
  out.text(history.reason, limits::migration_reason_bytes_max);
  out.number(history.ended);
  out.number(history.started_ms);
  out.number(history.ended_ms);
}

MigrationHistory get_history(Fields& in, Trouble& trouble) {
  MigrationHistory history;
  history.id = get_id(in, trouble);
  history.vshard = get_vshard(in);
  history.source = get_node(in);
  history.target = get_node(in);
  history.outcome = get_outcome(in);
  history.attempts = in.number<std::uint32_t>();
  history.pause_us = in.number<std::uint64_t>();
  history.reason = in.text(limits::migration_reason_bytes_max);
  history.ended = in.number<std::uint64_t>();
  history.started_ms = in.number<std::uint64_t>();
  history.ended_ms = in.number<std::uint64_t>();
  in.end();
  return history;
}

void put(Packer& out, const GhostStub& ghost) {
  out.number(ghost.vshard.value);
  out.number(ghost.node.value);
  out.number(ghost.to.value);
  out.number(ghost.epoch.value);
  out.number(ghost.cutover);
  put_id(out, ghost.migration);
}

GhostStub get_ghost(Fields& in, Trouble& trouble) {
  GhostStub ghost;
  ghost.vshard = get_vshard(in);
  ghost.node = get_node(in);
  ghost.to = get_node(in);
  ghost.epoch = Epoch(in.number<std::uint64_t>());
  ghost.cutover = in.number<std::uint64_t>();
  ghost.migration = get_id(in, trouble);
  in.end();
  return ghost;
}

Bytes sealed(Bytes bytes) {
  const std::uint32_t crc = crc32c(bytes);
  for (unsigned shift = 0; shift < 8 * seal_bytes; shift += 8) {
    bytes.push_back(static_cast<char>(crc >> shift & 0xff));
  }
  return bytes;
}

Result<BytesView> unsealed(BytesView bytes, const char* what, bool unchecked = false) {
  const Bytes name = what;
  if (bytes.size() < seal_bytes) return fail(Code::damaged, name + ": it is cut short");
  const BytesView body = bytes.substr(0, bytes.size() - seal_bytes);
  std::uint32_t crc = 0;
  for (std::size_t i = seal_bytes; i > 0; --i) {
    crc = crc << 8 | static_cast<unsigned char>(bytes[body.size() + i - 1]);
  }
  if (crc != crc32c(body) && !unchecked) return fail(Code::damaged, name + ": its checksum is wrong");
  return body;
}

}  // namespace

void put_id(Packer& out, const MigrationId& id) {
  out.text(id.text(), 36);
}

MigrationId get_id(Fields& in, Trouble& trouble) {
  const auto id = MigrationId::parse(in.text(36));
  if (!in.ok()) return {};
  if (!id) {
    trouble.refuse(Code::malformed, id.error().detail);
    return {};
  }
  return *id;
}

void put_steps(Packer& out, const std::vector<Compensation>& steps) {
  out.array(steps.size());
  for (const Compensation step : steps) out.number(static_cast<std::uint64_t>(step));
}

std::vector<Compensation> get_steps(Fields& in) {
  Fields list = in.array(steps_max);
  std::vector<Compensation> steps;
  while (list.ok() && list.left() > 0) {
    steps.push_back(static_cast<Compensation>(
        list.number<std::uint8_t>(static_cast<std::uint8_t>(Compensation::drop_replica))));
  }
  return steps;
}

MigrationOutcome get_outcome(Fields& in) {
  return static_cast<MigrationOutcome>(
      in.number<std::uint8_t>(static_cast<std::uint8_t>(MigrationOutcome::aborted)));
}

void put(Packer& out, const PersistedMigrationCheckpoint& checkpoint) {
  put_id(out, checkpoint.migration_id);
  out.number(checkpoint.attempt);
  out.bin(encode(checkpoint.payload));
  out.number(checkpoint.crc32c);
  out.number(checkpoint.ts_ms);
}

PersistedMigrationCheckpoint get_checkpoint(Fields& in, Trouble& trouble) {
  PersistedMigrationCheckpoint checkpoint;
  checkpoint.migration_id = get_id(in, trouble);
  checkpoint.attempt = in.number<std::uint32_t>();
  auto payload = decode_payload(in.bin());
  if (!in.ok()) return checkpoint;
  if (payload) {
    checkpoint.payload = std::move(*payload);
  } else {
    trouble.refuse(payload.error().code, payload.error().detail);
  }
  checkpoint.crc32c = in.number<std::uint32_t>();
  checkpoint.ts_ms = in.number<std::uint64_t>();
  return checkpoint;
}

Bytes encode(const MigrationPayload& payload) {
  Bytes bytes;
  Packer out(bytes);
  std::visit(PutPayload{out}, payload);
  return bytes;
}
Bytes encode(const PersistedMigrationCheckpoint& checkpoint) {
  return sealed(packed(Kind::checkpoint, checkpoint_fields, [&](Packer& out) { put(out, checkpoint); }));
}
Bytes encode(const MigrationIntent& intent) {
  return sealed(packed(Kind::intent, 9, [&](Packer& out) { put(out, intent); }));
}
Bytes encode(const MigrationHistory& history) {
  return packed(Kind::history, 11, [&](Packer& out) { put(out, history); });
}
Bytes encode(const GhostStub& ghost) {
  return packed(Kind::ghost, 6, [&](Packer& out) { put(out, ghost); });
}

Result<MigrationPayload> decode_payload(BytesView bytes) {
  return unpacked(bytes, "a checkpoint's payload", get_payload);
}

Result<PersistedMigrationCheckpoint> decode_checkpoint(BytesView bytes, bool unchecked) {
  constexpr const char* what = "a checkpoint's row";
  const auto body = unsealed(bytes, what, unchecked);
  if (!body) return std::unexpected(body.error());
  auto row = unpacked_row(*body, Kind::checkpoint, what, [](Fields& in, Trouble& trouble) {
    auto checkpoint = get_checkpoint(in, trouble);
    in.end();
    return checkpoint;
  });
  if (row && !unchecked && crc32c(encode(row->payload)) != row->crc32c) {
    return fail(Code::damaged, "a checkpoint's row: its payload's checksum is wrong");
  }
  return row;
}

Result<MigrationIntent> decode_intent(BytesView bytes) {
  constexpr const char* what = "a migration's intent";
  const auto body = unsealed(bytes, what);
  if (!body) return std::unexpected(body.error());
  return unpacked_row(*body, Kind::intent, what, get_intent);
}

Result<MigrationHistory> decode_history(BytesView bytes) {
  return unpacked_row(bytes, Kind::history, "a migration's history", get_history);
}
Result<GhostStub> decode_ghost(BytesView bytes) {
  return unpacked_row(bytes, Kind::ghost, "a ghost stub", get_ghost);
}

}  // namespace nodedb::meta
