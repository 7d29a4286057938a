// SPDX-License-Identifier: Apache-2.0
#include "wire/command_codec.h"

#include "base/check.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t header_bytes_max = 64;

}  // namespace

bool well_formed(const SessionStamp& stamp) {
  if (stamp.gateway == NodeId()) return stamp == SessionStamp{};
  return stamp.incarnation != Incarnation() && stamp.first_outstanding >= 1 &&
         stamp.sequence >= stamp.first_outstanding;
}

Blob encode_command(const CommandEntry& entry) {
  CHECK(well_formed(entry.stamp));
  Bytes payload;
  payload.reserve(header_bytes_max + entry.command.size());
  Writer out(payload);
  out.u8(format_version);
  out.i64(entry.hlc.wall_ns);
  out.varint(entry.hlc.logical);
  out.varint(entry.stamp.gateway.value);
  if (entry.stamp.gateway != NodeId()) {
    out.varint(entry.stamp.incarnation.value);
    out.varint(entry.stamp.sequence);
    out.varint(entry.stamp.first_outstanding);
  }
  out.raw(entry.command);
  return Blob(std::move(payload));
}

Result<CommandEntry> decode_command(BytesView payload) {
  Reader in(payload);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != format_version) {
    return fail(Code::incompatible, "a command entry has version " + std::to_string(version) +
                                        "; this build reads version " + std::to_string(format_version));
  }
  CommandEntry entry;
  entry.hlc.wall_ns = in.i64();
  entry.hlc.logical = in.varint32();
  entry.stamp.gateway = NodeId(in.varint32());
  if (entry.stamp.gateway != NodeId()) {
    entry.stamp.incarnation = Incarnation(in.varint());
    entry.stamp.sequence = in.varint();
    entry.stamp.first_outstanding = in.varint();
  }
  entry.command = in.rest();
  if (in.ok() && !well_formed(entry.stamp))
    in.refuse(Code::malformed, "its session stamp contradicts itself");
  if (!in.ok()) return std::unexpected(in.error("a command entry"));
  return entry;
}

}  // namespace nodedb::wire
