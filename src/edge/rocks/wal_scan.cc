// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/wal_scan.h"

#include <algorithm>

#include "base/crc32c.h"

namespace nodedb::edge {

namespace {

constexpr std::uint64_t block_bytes = 32 * 1024;
constexpr std::uint64_t header_bytes = 7;

enum class Part : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

struct Record {
  Part part;
  std::uint64_t end = 0;
};

std::uint8_t byte_at(BytesView file, std::uint64_t at) {
  return static_cast<std::uint8_t>(file[at]);
}

std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

std::uint64_t block_end(std::uint64_t at) {
  return (at / block_bytes + 1) * block_bytes;
}

/// Where the next record can begin: the last few bytes of a block, too few for a header, are filler.
std::uint64_t record_begin(std::uint64_t at) {
  return block_end(at) - at < header_bytes ? block_end(at) : at;
}

/// The physical record at `at`, if there is a whole one with a matching checksum.
std::optional<Record> record_at(BytesView file, std::uint64_t at) {
  const std::uint64_t limit = std::min<std::uint64_t>(block_end(at), file.size());
  if (at + header_bytes > limit) return std::nullopt;
  const std::uint8_t part = byte_at(file, at + 6);
  if (part < 1 || part > 4) return std::nullopt;
  const std::uint64_t length = byte_at(file, at + 4) | std::uint64_t{byte_at(file, at + 5)} << 8;
  const std::uint64_t end = at + header_bytes + length;
  if (end > limit) return std::nullopt;
  std::uint32_t stored = 0;
  for (std::uint64_t i = 4; i > 0; --i) stored = stored << 8 | byte_at(file, at + i - 1);
  if (masked(crc32c(file.substr(at + 6, length + 1))) != stored) return std::nullopt;
  return Record{static_cast<Part>(part), end};
}

bool begins_logical(Part part) {
  return part == Part::full || part == Part::first;
}

/// The first whole record at `from` or later that begins a logical one. Records follow each other from each
/// block's start; where that chain is broken, every offset of the block is tried.
std::optional<std::uint64_t> find_record(BytesView file, std::uint64_t from) {
  bool chained = false;
  for (std::uint64_t at = from; at + header_bytes <= file.size();) {
    if (at % block_bytes == 0) chained = true;
    const auto record = record_at(file, at);
    if (record && begins_logical(record->part)) return at;
    chained = chained && record.has_value();
    at = chained ? record_begin(record->end) : at + 1;
  }
  return std::nullopt;
}

}  // namespace

WalScan scan_wal(BytesView file) {
  WalScan scan;
  bool inside = false;
  for (std::uint64_t at = 0; record_begin(at) < file.size();) {
    at = record_begin(at);
    const auto record = record_at(file, at);
    if (!record || begins_logical(record->part) == inside) {
      scan.trouble_at = at;
      scan.record_after = find_record(file, at);
      return scan;
    }
    at = record->end;
    inside = record->part == Part::first || record->part == Part::middle;
    if (!inside) scan.good_end = at;
  }
  if (inside) scan.trouble_at = file.size();
  return scan;
}

}  // namespace nodedb::edge
