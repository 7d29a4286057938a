// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/state_meta.h"

#include <string>

#include "base/crc32c.h"
#include "raft/config.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::edge {

namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::size_t crc_bytes = 4;

std::uint32_t seal(GroupId group, BytesView body) {
  Bytes place;
  wire::Writer(place).u32(group.value);
  return crc32c(body, crc32c(place));
}

}  // namespace

Bytes encode(GroupId group, const StateMeta& meta) {
  Bytes row;
  wire::Writer out(row);
  out.u8(row_version);
  out.u32(meta.generation);
  out.u64(meta.applied.index.value);
  out.u64(meta.applied.term.value);
  out.boolean(meta.snapshot_config.has_value());
  if (meta.snapshot_config) out.raw(raft::encode(*meta.snapshot_config));
  const std::uint32_t crc = seal(group, row);
  out.u32(crc);
  return row;
}

Result<StateMeta> decode_state_meta(GroupId group, BytesView row) {
  const auto damaged = [group](const std::string& why) {
    return fail(Code::damaged, "the applied position of group " + std::to_string(group.value) + " " + why);
  };
  if (row.size() <= crc_bytes) return damaged("is cut short");
  const BytesView body = row.substr(0, row.size() - crc_bytes);
  if (wire::Reader(row.substr(body.size())).u32() != seal(group, body))
    return damaged("does not match its checksum");
  wire::Reader in(body);
  const std::uint8_t version = in.u8();
  if (version != row_version) {
    return fail(Code::incompatible, "the state of group " + std::to_string(group.value) + " has version " +
                                        std::to_string(version) + "; this build reads version " +
                                        std::to_string(row_version));
  }
  StateMeta meta;
  meta.generation = in.u32();
  meta.applied.index = Index(in.u64());
  meta.applied.term = Term(in.u64());
  const bool has_config = in.boolean();
  if (!in.ok()) return damaged("is malformed");
  if (has_config) {
    auto config = raft::decode_config(in.rest());
    if (!config) return damaged("holds no valid config: " + config.error().detail);
    meta.snapshot_config = std::move(*config);
  }
  if (!in.at_end()) return damaged("is followed by other bytes");
  return meta;
}

}  // namespace nodedb::edge
