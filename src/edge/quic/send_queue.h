// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of one stream on their way out. QUIC reads them in place and may read them again until they are
// acknowledged, so chunks stay at their addresses until then. Net thread only.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include <ngtcp2/ngtcp2.h>

#include "base/bytes.h"

namespace nodedb::quic {

class SendQueue {
 public:
  void push(Bytes chunk);
  /// What others hold as well.
  void share(Blob chunk);
  /// Copies a few bytes, behind others that have not been sent yet where that saves a chunk.
  void append(BytesView few);
  /// No byte follows those pushed so far.
  void finish() { finished_ = true; }

  struct Piece {
    std::size_t vectors = 0;
    std::size_t bytes = 0;
    bool ends_stream = false;  ///< all of what is unsent, and the stream is finished
  };
  /// Fills `vectors` with what comes next, as far as they reach.
  Piece next(std::span<ngtcp2_vec> vectors) const;
  /// `bytes` of the last piece went into a packet.
  void sent(std::size_t bytes, bool end_sent);
  /// Everything below `offset` of the stream is acknowledged.
  void acknowledged(std::uint64_t offset);
  /// The peer wants no more: forget what is unsent.
  void drop_unsent();

  bool has_unsent() const { return unsent_ > 0 || (finished_ && !end_sent_); }
  std::size_t unsent_bytes() const { return unsent_; }
  /// All that is held: sent and unsent.
  std::size_t held_bytes() const { return held_; }
  /// The same without what others share.
  std::size_t own_bytes() const { return own_; }

 private:
  /// What others share, or what was copied here.
  struct Chunk {
    Blob shared;
    Bytes own;

    BytesView view() const { return shared.empty() ? BytesView(own) : shared.view(); }
  };

  void add(Chunk chunk);
  void forget(const Chunk& chunk);

  std::deque<Chunk> chunks_;
  std::uint64_t first_offset_ = 0;  ///< of the first chunk, in the stream
  std::size_t next_chunk_ = 0;      ///< where the unsent bytes begin
  std::size_t next_offset_ = 0;
  std::size_t unsent_ = 0;
  std::size_t held_ = 0;
  std::size_t own_ = 0;
  bool finished_ = false;
  bool end_sent_ = false;
};

}  // namespace nodedb::quic
