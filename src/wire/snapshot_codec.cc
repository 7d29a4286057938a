// SPDX-License-Identifier: Apache-2.0
#include "wire/snapshot_codec.h"

namespace nodedb::wire {

namespace {

void put_transfer(Writer& out, const TransferId& transfer, GroupId group) {
  out.varint(transfer.incarnation.value);
  out.varint(transfer.number);
  out.varint(group.value);
}

TransferId get_transfer(Reader& in) {
  const Incarnation incarnation(in.varint());
  return {incarnation, in.varint()};
}

}  // namespace

void put_snapshot_offer(Writer& out, const SnapshotOffer& offer) {
  put_transfer(out, offer.transfer, offer.group);
  out.varint(offer.term.value);
  out.varint(offer.at.index.value);
  out.varint(offer.at.term.value);
  out.bytes(raft::encode(offer.config));
}

void put_snapshot_credit(Writer& out, const SnapshotCredit& credit) {
  put_transfer(out, credit.transfer, credit.group);
  out.varint(credit.next);
  out.varint(credit.limit);
  out.boolean(credit.refused);
  out.boolean(credit.done);
}

void put_snapshot_chunk(Writer& out, const SnapshotChunk& chunk) {
  put_transfer(out, chunk.transfer, chunk.group);
  out.varint(chunk.sequence);
  out.u32(chunk.crc);
  out.u32(chunk.crc_chain);
  out.boolean(chunk.last);
  out.blob(chunk.rows);
}

SnapshotOffer get_snapshot_offer(Reader& in) {
  SnapshotOffer offer;
  offer.transfer = get_transfer(in);
  offer.group = GroupId(in.varint32());
  offer.term = Term(in.varint());
  offer.at.index = Index(in.varint());
  offer.at.term = Term(in.varint());
  const BytesView config = in.bytes();
  if (!in.ok()) return offer;
  auto decoded = raft::decode_config(config);
  if (decoded) {
    offer.config = std::move(*decoded);
  } else {
    in.refuse(decoded.error().code, "its config is not valid");
  }
  return offer;
}

SnapshotCredit get_snapshot_credit(Reader& in) {
  SnapshotCredit credit;
  credit.transfer = get_transfer(in);
  credit.group = GroupId(in.varint32());
  credit.next = in.varint();
  credit.limit = in.varint();
  credit.refused = in.boolean();
  credit.done = in.boolean();
  return credit;
}

SnapshotChunk get_snapshot_chunk(Reader& in) {
  SnapshotChunk chunk;
  chunk.transfer = get_transfer(in);
  chunk.group = GroupId(in.varint32());
  chunk.sequence = in.varint();
  chunk.crc = in.u32();
  chunk.crc_chain = in.u32();
  chunk.last = in.boolean();
  chunk.rows = in.blob();
  return chunk;
}

}  // namespace nodedb::wire
