// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/packet_sink.h"

#include <cstring>

#include "base/check.h"

namespace nodedb::quic {

std::span<std::uint8_t> PacketSink::space(std::size_t bytes_max) {
  CHECK(bytes_max <= bytes_max_);
  if (blocked_) return {};
  if (end_ + bytes_max > buffer_.size() || segments_ == segments_max_ || last_is_short_) flush();
  if (blocked_) return {};
  spare_ = end_;
  return std::span(buffer_).subspan(end_, bytes_max);
}

void PacketSink::commit(const Address& to, std::size_t bytes) {
  CHECK(!blocked_ && spare_ == end_ && bytes > 0 && end_ + bytes <= buffer_.size());
  ++packets_;
  bytes_ += bytes;
  if (segments_ > 0 && (bytes > segment_ || !(to == to_))) {
    // It does not fit this batch: send the batch and move the packet to the front. A full socket loses the
    // packet, which QUIC repairs; that is rarer and simpler than a second queue.
    const std::size_t from = end_;
    flush();
    if (blocked_) return;
    std::memmove(buffer_.data(), buffer_.data() + from, bytes);
  }
  if (segments_ == 0) {
    segment_ = bytes;
    to_ = to;
  }
  end_ += bytes;
  ++segments_;
  last_is_short_ = bytes < segment_;
}

void PacketSink::flush() {
  if (begin_ < end_)
    begin_ += socket_->send(to_, std::span(buffer_).subspan(begin_, end_ - begin_), segment_);
  blocked_ = begin_ < end_;
  if (blocked_) return;
  begin_ = end_ = segments_ = 0;
  last_is_short_ = false;
}

void PacketSink::resume() {
  blocked_ = false;
  flush();
}

}  // namespace nodedb::quic
