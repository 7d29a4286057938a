// SPDX-License-Identifier: Apache-2.0
#include "edge/log/segment.h"

#include <limits>

#include "base/check.h"
#include "base/crc32c.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::edge {

namespace {

constexpr BytesView magic("NDBLOG\r\n", 8);
constexpr std::uint32_t segment_version = 1;
constexpr std::size_t sealed_bytes = 8 + 4 + 4 + 8 + 8;
constexpr std::size_t crc_at = 4;

std::uint32_t frame_crc(BytesView length, BytesView sequence_and_record, std::uint32_t seed) {
  return crc32c(sequence_and_record, crc32c(length, seed));
}

/// Length and sequence as they stand there. Pre: a head fits.
struct Head {
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
  std::uint64_t sequence = 0;
};
Head head_at(BytesView segment, std::uint64_t at) {
  wire::Reader in(segment.substr(at, frame_head_bytes));
  Head head;
  head.length = in.u32();
  head.crc = in.u32();
  head.sequence = in.u64();
  return head;
}

bool head_fits(BytesView segment, std::uint64_t at) {
  return at < segment.size() && segment.size() - at > frame_head_bytes;
}

}  // namespace

std::uint32_t SegmentHeader::frame_seed() const {
  Bytes drawn;
  wire::Writer(drawn).u64(nonce);
  return crc32c(drawn);
}

Bytes encode_header(const SegmentHeader& header) {
  Bytes sector;
  wire::Writer out(sector);
  out.raw(magic);
  out.u32(segment_version);
  out.u32(header.number);
  out.u64(header.bytes);
  out.u64(header.nonce);
  out.u32(crc32c(sector));
  sector.resize(sector_bytes, '\0');
  return sector;
}

Result<SegmentHeader> decode_header(BytesView sector) {
  wire::Reader in(sector);
  if (in.raw(magic.size()) != magic) return fail(Code::damaged, "it does not begin as a segment of the log");
  const std::uint32_t version = in.u32();
  SegmentHeader header;
  header.number = in.u32();
  header.bytes = in.u64();
  header.nonce = in.u64();
  const std::uint32_t crc = in.u32();
  if (!in.ok() || crc != crc32c(sector.substr(0, sealed_bytes))) {
    return fail(Code::damaged, "its header does not match its checksum");
  }
  if (version != segment_version) {
    return fail(Code::incompatible, "it has version " + std::to_string(version) +
                                        "; this build reads version " + std::to_string(segment_version));
  }
  if (header.number == 0 || header.bytes < header_bytes + sector_bytes || header.bytes % sector_bytes != 0) {
    return fail(Code::damaged, "its header names an impossible number or size");
  }
  return header;
}

void seal_frame(Bytes& buffer, std::uint64_t sequence, std::uint32_t seed) {
  CHECK(buffer.size() > frame_head_bytes);
  const std::uint64_t length = buffer.size() - frame_head_bytes;
  CHECK(length <= std::numeric_limits<std::uint32_t>::max());
  Bytes head;
  wire::Writer out(head);
  out.u32(static_cast<std::uint32_t>(length));
  out.u32(0);
  out.u64(sequence);
  buffer.replace(0, head.size(), head);
  const BytesView view = buffer;
  Bytes crc;
  wire::Writer(crc).u32(frame_crc(view.substr(0, crc_at), view.substr(2 * crc_at), seed));
  buffer.replace(crc_at, crc.size(), crc);
  buffer.resize(whole_sectors(buffer.size()), '\0');
}

std::optional<Frame> frame_at(BytesView segment, std::uint64_t at, std::uint32_t seed) {
  if (!head_fits(segment, at)) return std::nullopt;
  const Head head = head_at(segment, at);
  if (head.length == 0 || head.length > segment.size() - at - frame_head_bytes) return std::nullopt;
  const BytesView frame = segment.substr(at, frame_head_bytes + head.length);
  if (frame_crc(frame.substr(0, crc_at), frame.substr(2 * crc_at), seed) != head.crc) return std::nullopt;
  return Frame{head.sequence, frame.substr(frame_head_bytes), at + whole_sectors(frame.size())};
}

bool claims(BytesView segment, std::uint64_t at, std::uint64_t sequence) {
  return head_fits(segment, at) && head_at(segment, at).sequence == sequence;
}

std::optional<std::uint64_t> find_frame(BytesView segment, std::uint64_t at, std::uint64_t sequence_min,
                                        std::uint32_t seed) {
  for (; head_fits(segment, at); at += sector_bytes) {
    // The sequence first: it tells what an earlier use has left without a look at the rest.
    if (head_at(segment, at).sequence >= sequence_min && frame_at(segment, at, seed)) return at;
  }
  return std::nullopt;
}

}  // namespace nodedb::edge
