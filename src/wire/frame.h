// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every message travels in: a 12-byte header, then the payload.
//
//   length   u32  of the payload
//   kind     u8   FrameKind
//   version  u8   of the frame and of all payload formats
//   zero     u16  reserved
//   crc      u32  CRC-32C of the eight bytes before it and the payload
//
// A reader belongs to one stream and to the net thread. After an error the stream is beyond repair: where
// the next frame begins is unknown, so the connection has to be closed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/queue.h"

namespace nodedb::wire {

inline constexpr std::size_t frame_header_bytes = 12;
inline constexpr std::uint8_t frame_version = 1;

/// Numbers are for ever: never reused, never changed.
enum class FrameKind : std::uint8_t {
  stream_open = 1,  ///< first on each stream: its class
  hello = 2,
  found = 3,
  founded = 4,
  raft = 5,
  pulse = 6,
  forward = 7,
  snapshot_offer = 8,
  snapshot_credit = 9,
  snapshot_chunk = 10,
  move_order = 11,
  move_report = 12,
  snapshot_wanted = 13,
  swim = 14,
  load_report = 15,
  certificate_wanted = 16,
  certificate_given = 17,
  vitals = 18,
  large_reply = 19,
  operator_request = 32,
  operator_response = 33,
  join_request = 34,
  join_answer = 35,
};

struct Frame {
  FrameKind kind{};  ///< may be a number that this build does not know
  Blob payload;
  bool operator==(const Frame&) const = default;
};

/// A frame on its way out: the bytes of its payload one after the other, but for large ones, which are shared
/// where they lie instead of being copied.
struct EncodedMessage {
  struct Large {
    std::size_t at = 0;  ///< its place: in front of this byte of `payload`
    Blob bytes;
  };

  FrameKind kind{};
  Bytes payload;             ///< without the large parts
  std::vector<Large> large;  ///< ascending

  std::size_t payload_bytes() const;
  /// The payload in one piece.
  Bytes whole_payload() const;
  /// Hands out the payload in order: `own` gets views of it, `shared` the large parts.
  template <class Own, class Shared>
  void in_order(const Own& own, const Shared& shared) const {
    std::size_t from = 0;
    for (const Large& part : large) {
      own(BytesView(payload).substr(from, part.at - from));
      shared(part.bytes);
      from = part.at;
    }
    own(BytesView(payload).substr(from));
  }
};

/// The header alone, so that a large payload need not be copied behind it. Pre: the payload is below 4 GiB.
std::array<char, frame_header_bytes> frame_header(const EncodedMessage& message);
Bytes encode_frame(FrameKind kind, BytesView payload);

class FrameReader {
 public:
  explicit FrameReader(std::size_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  /// Raise it once the peer is authenticated, before feeding what may be larger.
  void raise_limit(std::size_t payload_bytes_max);

  /// Takes in bytes as they come, in pieces of any size. Memory grows with what has really arrived; a
  /// header's mere promise reserves no more than a chunk of a snapshot takes.
  void feed(BytesView bytes);
  /// The next whole frame, or nothing until more is fed. Frames that came before trouble are still given.
  /// Errors, which stay: too_large, damaged (checksum), incompatible (version), malformed.
  Result<std::optional<Frame>> next();

  /// Held, in finished and unfinished frames: what back-pressure should look at.
  std::size_t buffered_bytes() const { return ready_bytes_ + header_.size() + payload_.size(); }
  /// A frame has begun and is not complete: an end of the stream here is a cut.
  bool in_frame() const { return !header_.empty(); }

 private:
  std::size_t take_whole(BytesView bytes);
  std::optional<std::size_t> payload_size_in(BytesView header);
  void finish(BytesView header, Blob payload);

  std::size_t payload_bytes_max_;
  // Of a frame that came in pieces:
  Bytes header_;
  Bytes payload_;
  std::size_t payload_size_ = 0;  ///< as the header says
  Queue<Frame> ready_;
  std::size_t ready_bytes_ = 0;
  std::optional<Error> trouble_;
};

}  // namespace nodedb::wire
