// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/endian.h"
#include "wire/reader.h"

namespace nodedb::wire {

namespace {

constexpr std::size_t guarded_bytes = 8;  // of the header: all but the checksum
constexpr std::size_t kind_at = 4;
constexpr std::size_t version_at = 5;
/// A chunk of a snapshot at once, so that it is not moved while it grows.
constexpr std::size_t first_reserve = 512 * 1024;

}  // namespace

std::size_t EncodedMessage::payload_bytes() const {
  std::size_t bytes = payload.size();
  for (const Large& part : large) bytes += part.bytes.size();
  return bytes;
}

Bytes EncodedMessage::whole_payload() const {
  Bytes whole;
  whole.reserve(payload_bytes());
  in_order([&](BytesView own) { whole.append(own); }, [&](const Blob& part) { whole.append(part.view()); });
  return whole;
}

std::array<char, frame_header_bytes> frame_header(const EncodedMessage& message) {
  const std::size_t bytes = message.payload_bytes();
  CHECK(bytes <= std::numeric_limits<std::uint32_t>::max());
  std::array<char, frame_header_bytes> header{};
  put_number<std::endian::little>(header.data(), static_cast<std::uint32_t>(bytes));
  header[kind_at] = static_cast<char>(message.kind);
  header[version_at] = static_cast<char>(frame_version);
  std::uint32_t crc = crc32c(BytesView(header.data(), guarded_bytes));
  message.in_order([&](BytesView own) { crc = crc32c(own, crc); },
                   [&](const Blob& part) { crc = crc32c(part.view(), crc); });
  put_number<std::endian::little>(header.data() + guarded_bytes, crc);
  return header;
}

Bytes encode_frame(FrameKind kind, BytesView payload) {
  const EncodedMessage message{kind, Bytes(payload), {}};
  const auto header = frame_header(message);
  return Bytes(header.data(), header.size()) + message.payload;
}

void FrameReader::raise_limit(std::size_t payload_bytes_max) {
  payload_bytes_max_ = std::max(payload_bytes_max_, payload_bytes_max);
}

void FrameReader::feed(BytesView bytes) {
  while (!bytes.empty() && !trouble_) {
    if (const std::size_t whole = take_whole(bytes); whole > 0) {
      bytes.remove_prefix(whole);
      continue;
    }
    if (trouble_) return;
    if (header_.size() < frame_header_bytes) {
      const std::size_t part = std::min(frame_header_bytes - header_.size(), bytes.size());
      header_.append(bytes.substr(0, part));
      bytes.remove_prefix(part);
      if (header_.size() < frame_header_bytes) return;
      const auto size = payload_size_in(header_);
      if (!size) return;
      payload_size_ = *size;
      payload_.reserve(std::min(payload_size_, first_reserve));
    }
    const std::size_t part = std::min(payload_size_ - payload_.size(), bytes.size());
    payload_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (payload_.size() < payload_size_) return;
    finish(header_, Blob(std::exchange(payload_, {})));
    header_.clear();
  }
}

/// Most frames lie in what has come from end to end: such a one is copied once. Returns its size; 0: there
/// is none.
std::size_t FrameReader::take_whole(BytesView bytes) {
  if (!header_.empty() || bytes.size() < frame_header_bytes) return 0;
  const BytesView header = bytes.substr(0, frame_header_bytes);
  const auto size = payload_size_in(header);
  if (!size || bytes.size() - frame_header_bytes < *size) return 0;
  finish(header, Blob::copy_of(bytes.substr(frame_header_bytes, *size)));
  return frame_header_bytes + *size;
}

Result<std::optional<Frame>> FrameReader::next() {
  if (!ready_.empty()) {
    Frame frame = std::move(ready_.front());
    ready_.pop_front();
    ready_bytes_ -= frame_header_bytes + frame.payload.size();
    return frame;
  }
  if (trouble_) return std::unexpected(*trouble_);
  return std::nullopt;
}

/// Nothing: there is trouble.
std::optional<std::size_t> FrameReader::payload_size_in(BytesView header) {
  Reader in(header);
  const std::size_t size = in.u32();
  in.u8();  // the kind is the decoder's business
  const std::uint8_t version = in.u8();
  const std::uint16_t reserved = in.u16();
  if (version != frame_version) {
    trouble_ = Error{Code::incompatible, "a frame has version " + std::to_string(version) +
                                             "; this build speaks version " + std::to_string(frame_version)};
  } else if (reserved != 0) {
    trouble_ = Error{Code::malformed, "a frame has reserved bits set"};
  } else if (size > payload_bytes_max_) {
    trouble_ = Error{Code::too_large, "a frame of " + std::to_string(size) + " bytes exceeds the cap of " +
                                          std::to_string(payload_bytes_max_)};
  }
  return trouble_ ? std::nullopt : std::optional(size);
}

void FrameReader::finish(BytesView header, Blob payload) {
  Reader in(header.substr(guarded_bytes));
  if (crc32c(payload.view(), crc32c(header.substr(0, guarded_bytes))) != in.u32()) {
    trouble_ = Error{Code::damaged,
                     "a frame of " + std::to_string(payload.size()) + " bytes does not match its checksum"};
    return;
  }
  ready_bytes_ += header.size() + payload.size();
  const auto kind = static_cast<FrameKind>(static_cast<std::uint8_t>(header[kind_at]));
  ready_.push_back(Frame{kind, std::move(payload)});
}

}  // namespace nodedb::wire
