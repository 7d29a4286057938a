// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of a segment file: its header, and the frames around records. Pure. Layout: docs/formats.md,
// section "The Raft log".

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::edge {

/// What a disk writes whole or not at all; frames begin at multiples of it.
inline constexpr std::uint64_t sector_bytes = 512;
/// Where the first frame begins.
inline constexpr std::uint64_t header_bytes = 4096;
/// Length, checksum and sequence, in front of a record.
inline constexpr std::uint64_t frame_head_bytes = 16;

constexpr std::uint64_t whole_sectors(std::uint64_t bytes) {
  return (bytes + sector_bytes - 1) / sector_bytes * sector_bytes;
}

struct SegmentHeader {
  std::uint32_t number = 0;  ///< from 1 on
  std::uint64_t bytes = 0;   ///< of the whole file
  std::uint64_t nonce = 0;   ///< drawn anew at each use
  bool operator==(const SegmentHeader&) const = default;

  /// What the checksums of this use's frames begin with.
  std::uint32_t frame_seed() const;
};

/// One sector.
Bytes encode_header(const SegmentHeader& header);
/// Errors: damaged, incompatible; without the file's name.
Result<SegmentHeader> decode_header(BytesView sector);

struct Frame {
  std::uint64_t sequence = 0;
  BytesView record;
  std::uint64_t end = 0;  ///< where the next one begins
};

/// `buffer` holds frame_head_bytes of anything and then the record: fills in the head, and fills up the last
/// sector with zeros. Pre: the record is not empty and below 4 GiB.
void seal_frame(Bytes& buffer, std::uint64_t sequence, std::uint32_t seed);

/// The whole frame with a right checksum that begins at `at`, if there is one. `segment`: all of the file.
std::optional<Frame> frame_at(BytesView segment, std::uint64_t at, std::uint32_t seed);
/// Something at `at` calls itself the frame with that sequence, whole or not.
bool claims(BytesView segment, std::uint64_t at, std::uint64_t sequence);
/// Where the first whole frame with `sequence_min` or a later one begins, from `at` on.
std::optional<std::uint64_t> find_frame(BytesView segment, std::uint64_t at, std::uint64_t sequence_min,
                                        std::uint32_t seed);

}  // namespace nodedb::edge
