// SPDX-License-Identifier: Apache-2.0
#include "wire/log_record.h"

#include <string>

#include "base/crc32c.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t entry_overhead = 2 + 8 + crc_bytes;

// Numbers on disk: never changed.
enum class RecordKind : std::uint8_t { noop = 1, command = 2, config = 3, hard_state = 16, log_base = 17 };

struct Place {
  GroupId group;
  Index index;  // 0 for records that a group has one of
};

std::uint32_t seal(Place place, BytesView body) {
  Bytes key;
  Writer out(key);
  out.u32(place.group.value);
  out.u64(place.index.value);
  return crc32c(body, crc32c(key));
}

Bytes sealed(Place place, Bytes body) {
  const std::uint32_t crc = seal(place, body);
  Writer(body).u32(crc);
  return body;
}

std::unexpected<Error> damaged(Place place, const std::string& what) {
  std::string detail = "the log record of group " + std::to_string(place.group.value);
  if (place.index != Index()) detail += ", index " + std::to_string(place.index.value) + ",";
  return fail(Code::damaged, detail + " " + what);
}

// The body without version and checksum, from the kind on.
Result<BytesView> opened(Place place, BytesView record) {
  if (record.size() < 2 + crc_bytes) return damaged(place, "is cut short");
  const BytesView body = record.substr(0, record.size() - crc_bytes);
  Reader in(record.substr(body.size()));
  if (in.u32() != seal(place, body)) return damaged(place, "does not match its checksum");
  const auto version = static_cast<std::uint8_t>(body[0]);
  if (version != format_version) {
    return fail(Code::incompatible, "the log record of group " + std::to_string(place.group.value) +
                                        " has version " + std::to_string(version) +
                                        "; this build reads version " + std::to_string(format_version));
  }
  return body.substr(1);
}

RecordKind record_kind(raft::EntryKind kind) {
  switch (kind) {
    case raft::EntryKind::noop:
      return RecordKind::noop;
    case raft::EntryKind::command:
      return RecordKind::command;
    case raft::EntryKind::config:
      return RecordKind::config;
  }
  return RecordKind::noop;
}

std::optional<raft::EntryKind> entry_kind(std::uint8_t kind) {
  switch (static_cast<RecordKind>(kind)) {
    case RecordKind::noop:
      return raft::EntryKind::noop;
    case RecordKind::command:
      return raft::EntryKind::command;
    case RecordKind::config:
      return raft::EntryKind::config;
    case RecordKind::hard_state:
    case RecordKind::log_base:
      break;
  }
  return std::nullopt;
}

Bytes body_of(RecordKind kind) {
  return Bytes{static_cast<char>(format_version), static_cast<char>(kind)};
}

}  // namespace

Bytes encode_entry(GroupId group, const raft::Entry& entry) {
  Bytes body;
  body.reserve(entry_overhead + entry.payload.size());
  Writer out(body);
  out.u8(format_version);
  out.u8(static_cast<std::uint8_t>(record_kind(entry.kind)));
  out.u64(entry.term.value);
  out.raw(entry.payload.view());
  return sealed({group, entry.index}, std::move(body));
}

Result<raft::Entry> decode_entry(GroupId group, Index index, BytesView record) {
  const Place place{group, index};
  const auto body = opened(place, record);
  if (!body) return std::unexpected(body.error());
  Reader in(*body);
  const auto kind = entry_kind(in.u8());
  if (!kind) return damaged(place, "is not an entry");
  raft::Entry entry{index, Term(in.u64()), *kind, {}};
  entry.payload = Blob(Bytes(in.rest()));
  if (!in.ok()) return damaged(place, "has no term");
  if (*kind == raft::EntryKind::noop && !entry.payload.empty())
    return damaged(place, "is a noop with a payload");
  if (*kind == raft::EntryKind::config && !raft::decode_config(entry.payload.view())) {
    return damaged(place, "holds no valid config");
  }
  return entry;
}

Bytes encode_hard_state(GroupId group, const raft::HardState& hard) {
  Bytes body = body_of(RecordKind::hard_state);
  Writer out(body);
  out.u64(hard.term.value);
  out.u32(hard.vote.value);
  out.u64(hard.commit.value);
  return sealed({group, Index()}, std::move(body));
}

Result<raft::HardState> decode_hard_state(GroupId group, BytesView record) {
  const Place place{group, Index()};
  const auto body = opened(place, record);
  if (!body) return std::unexpected(body.error());
  Reader in(*body);
  if (in.u8() != static_cast<std::uint8_t>(RecordKind::hard_state)) return damaged(place, "is no hard state");
  const raft::HardState hard{Term(in.u64()), NodeId(in.u32()), Index(in.u64())};
  if (!in.finish("a hard state")) return damaged(place, "is a hard state of a wrong size");
  return hard;
}

Bytes encode_log_base(GroupId group, const LogBaseRecord& base) {
  Bytes body = body_of(RecordKind::log_base);
  Writer out(body);
  out.u64(base.at.index.value);
  out.u64(base.at.term.value);
  out.raw(raft::encode(base.config));
  return sealed({group, Index()}, std::move(body));
}

Result<LogBaseRecord> decode_log_base(GroupId group, BytesView record) {
  const Place place{group, Index()};
  const auto body = opened(place, record);
  if (!body) return std::unexpected(body.error());
  Reader in(*body);
  if (in.u8() != static_cast<std::uint8_t>(RecordKind::log_base)) return damaged(place, "is no log base");
  const raft::Position at{Index(in.u64()), Term(in.u64())};
  if (!in.ok()) return damaged(place, "is a log base without a position");
  auto config = raft::decode_config(in.rest());
  if (!config) return damaged(place, "holds no valid config: " + config.error().detail);
  return LogBaseRecord{at, std::move(*config)};
}

}  // namespace nodedb::wire
