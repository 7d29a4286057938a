// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/crc32c.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

constexpr std::size_t guarded_bytes = 8;  // of the header: all but the checksum
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
  Bytes header;
  Writer out(header);
  out.u32(static_cast<std::uint32_t>(bytes));
  out.u8(static_cast<std::uint8_t>(message.kind));
  out.u8(frame_version);
  out.u16(0);
  std::uint32_t crc = crc32c(header);
  message.in_order([&](BytesView own) { crc = crc32c(own, crc); },
                   [&](const Blob& part) { crc = crc32c(part.view(), crc); });
  out.u32(crc);
  std::array<char, frame_header_bytes> fixed{};
  std::ranges::copy(header, fixed.begin());
  return fixed;
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
    if (header_.size() < frame_header_bytes) {
      const std::size_t part = std::min(frame_header_bytes - header_.size(), bytes.size());
      header_.append(bytes.substr(0, part));
      bytes.remove_prefix(part);
      if (header_.size() < frame_header_bytes) return;
      check_header();
      if (trouble_) return;
      payload_.reserve(std::min(payload_size_, first_reserve));
    }
    const std::size_t part = std::min(payload_size_ - payload_.size(), bytes.size());
    payload_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (payload_.size() == payload_size_) finish_frame();
  }
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

void FrameReader::check_header() {
  Reader in{BytesView(header_)};
  payload_size_ = in.u32();
  in.u8();  // the kind is the decoder's business
  const std::uint8_t version = in.u8();
  const std::uint16_t reserved = in.u16();
  if (version != frame_version) {
    trouble_ = Error{Code::incompatible, "a frame has version " + std::to_string(version) +
                                             "; this build speaks version " + std::to_string(frame_version)};
  } else if (reserved != 0) {
    trouble_ = Error{Code::malformed, "a frame has reserved bits set"};
  } else if (payload_size_ > payload_bytes_max_) {
    trouble_ = Error{Code::too_large, "a frame of " + std::to_string(payload_size_) +
                                          " bytes exceeds the cap of " + std::to_string(payload_bytes_max_)};
  }
}

void FrameReader::finish_frame() {
  Reader in(BytesView(header_).substr(guarded_bytes));
  if (crc32c(payload_, crc32c(BytesView(header_).substr(0, guarded_bytes))) != in.u32()) {
    trouble_ = Error{Code::damaged,
                     "a frame of " + std::to_string(payload_size_) + " bytes does not match its checksum"};
    return;
  }
  ready_bytes_ += header_.size() + payload_.size();
  const auto kind = static_cast<FrameKind>(static_cast<std::uint8_t>(header_[4]));
  ready_.push_back(Frame{kind, Blob(std::move(payload_))});
  header_.clear();
  payload_.clear();
}

}  // namespace nodedb::wire
