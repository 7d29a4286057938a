// SPDX-License-Identifier: Apache-2.0
#include "edge/log/record.h"

#include <limits>
#include <string>
#include <utility>

#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::edge {

namespace {

constexpr std::uint8_t record_version = 1;

// Numbers on disk: never changed. The parts of a group's item are added up.
enum Part : std::uint8_t {
  hard_part = 1,
  truncate_part = 2,
  base_part = 4,
  append_part = 8,
  destroy_part = 16,
  restated_mark = 32,
};
constexpr std::uint8_t identity_item = 64;
constexpr std::uint8_t parts_known =
    hard_part | truncate_part | base_part | append_part | destroy_part | restated_mark;

/// Term, kind and payload length take one byte each at least.
constexpr std::size_t entry_bytes_min = 3;

std::uint8_t number_of(raft::EntryKind kind) {
  switch (kind) {
    case raft::EntryKind::noop:
      return 1;
    case raft::EntryKind::command:
      return 2;
    case raft::EntryKind::config:
      return 3;
  }
  return 0;
}

std::uint8_t parts_of(const node::GroupLogUpdate& update) {
  return static_cast<std::uint8_t>((update.hard ? hard_part : 0) |
                                   (update.truncate_from ? truncate_part : 0) |
                                   (update.base ? base_part : 0) | (update.append.empty() ? 0 : append_part) |
                                   (update.destroy ? destroy_part : 0));
}

raft::Entry read_entry(wire::Reader& in, Index index) {
  raft::Entry entry;
  entry.index = index;
  entry.term = Term(in.varint());
  const std::uint8_t kind = in.u8();
  entry.payload = Blob::copy_of(in.bytes());
  if (!in.ok()) return entry;
  switch (kind) {
    case 1:
      entry.kind = raft::EntryKind::noop;
      if (!entry.payload.empty()) in.refuse(Code::damaged, "a noop has a payload");
      break;
    case 2:
      entry.kind = raft::EntryKind::command;
      break;
    case 3:
      entry.kind = raft::EntryKind::config;
      if (!raft::decode_config(entry.payload.view()))
        in.refuse(Code::damaged, "an entry holds no valid config");
      break;
    default:
      in.refuse(Code::damaged, "an entry has an unknown kind");
  }
  return entry;
}

void read_entries(wire::Reader& in, std::vector<raft::Entry>& entries) {
  Index index(in.varint());
  const std::size_t count = in.count(std::numeric_limits<std::size_t>::max(), entry_bytes_min);
  if (!in.ok()) return;
  if (count == 0) return in.refuse(Code::damaged, "an append is empty");
  if (index == Index() || index.value > std::numeric_limits<std::uint64_t>::max() - count) {
    return in.refuse(Code::damaged, "an append has an impossible index");
  }
  entries.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i, ++index) entries.push_back(read_entry(in, index));
}

void read_base(wire::Reader& in, std::optional<node::LogBase>& base) {
  base.emplace();
  base->at.index = Index(in.varint());
  base->at.term = Term(in.varint());
  auto config = raft::decode_config(in.bytes());
  if (!in.ok()) return;
  if (!config) return in.refuse(Code::damaged, "a base holds no valid config");
  base->config = std::move(*config);
}

LogItem read_item(wire::Reader& in, std::uint8_t parts) {
  LogItem item;
  node::GroupLogUpdate& update = item.update;
  item.restated = (parts & restated_mark) != 0;
  update.destroy = (parts & destroy_part) != 0;
  const bool alone = parts == destroy_part || !update.destroy;
  const bool says_something = (parts & ~restated_mark) != 0 && (parts & ~parts_known) == 0;
  if (!alone || !says_something || (item.restated && (parts & (truncate_part | destroy_part)) != 0)) {
    in.refuse(Code::damaged, "an item has impossible parts");
    return item;
  }
  update.group = GroupId(in.varint32());
  if ((parts & hard_part) != 0) {
    const Term term(in.varint());
    const NodeId vote(in.varint32());
    update.hard = raft::HardState{term, vote, Index(in.varint())};
  }
  if ((parts & truncate_part) != 0) update.truncate_from = Index(in.varint());
  if ((parts & base_part) != 0) read_base(in, update.base);
  if ((parts & append_part) != 0) read_entries(in, update.append);
  return item;
}

}  // namespace

void begin_record(Bytes& out) {
  wire::Writer(out).u8(record_version);
}

void append_identity(Bytes& out, BytesView identity) {
  wire::Writer writer(out);
  writer.u8(identity_item);
  writer.bytes(identity);
}

void append_update(Bytes& out, const node::GroupLogUpdate& update, bool restated) {
  const std::uint8_t parts = parts_of(update);
  if (parts == 0) return;
  wire::Writer writer(out);
  writer.u8(static_cast<std::uint8_t>(parts | (restated ? restated_mark : 0)));
  writer.varint(update.group.value);
  if (update.hard) {
    writer.varint(update.hard->term.value);
    writer.varint(update.hard->vote.value);
    writer.varint(update.hard->commit.value);
  }
  if (update.truncate_from) writer.varint(update.truncate_from->value);
  if (update.base) {
    writer.varint(update.base->at.index.value);
    writer.varint(update.base->at.term.value);
    writer.bytes(raft::encode(update.base->config));
  }
  if (update.append.empty()) return;
  writer.varint(update.append.front().index.value);
  writer.varint(update.append.size());
  for (const raft::Entry& entry : update.append) {
    writer.varint(entry.term.value);
    writer.u8(number_of(entry.kind));
    writer.bytes(entry.payload.view());
  }
}

Result<LogRecord> decode_record(BytesView payload) {
  wire::Reader in(payload);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != record_version) {
    return fail(Code::incompatible, "a log record has version " + std::to_string(version) +
                                        "; this build reads version " + std::to_string(record_version));
  }
  LogRecord record;
  while (in.ok() && !in.at_end()) {
    const std::uint8_t what = in.u8();
    if (what == identity_item) {
      record.identity = Bytes(in.bytes());
    } else {
      record.items.push_back(read_item(in, what));
    }
  }
  if (!in.ok()) return fail(Code::damaged, in.error("a log record").detail);
  return record;
}

}  // namespace nodedb::edge
