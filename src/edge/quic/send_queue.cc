// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/send_queue.h"

#include <algorithm>

#include "base/check.h"

namespace nodedb::quic {
namespace {

constexpr std::size_t joined_bytes_max = 8 * 1024;

}  // namespace

void SendQueue::push(Bytes chunk) {
  CHECK(!finished_);
  if (!chunk.empty()) add({{}, std::move(chunk)});
}

void SendQueue::share(Blob chunk) {
  CHECK(!finished_);
  if (!chunk.empty()) add({std::move(chunk), {}});
}

void SendQueue::add(Chunk chunk) {
  unsent_ += chunk.view().size();
  held_ += chunk.view().size();
  own_ += chunk.own.size();
  chunks_.push_back(std::move(chunk));
}

void SendQueue::forget(const Chunk& chunk) {
  held_ -= chunk.view().size();
  own_ -= chunk.own.size();
}

void SendQueue::append(BytesView few) {
  CHECK(!finished_);
  // Only a chunk of which nothing was sent may move in memory.
  const std::size_t untouched = next_chunk_ + (next_offset_ > 0 ? 1 : 0);
  if (chunks_.size() > untouched && chunks_.back().shared.empty() &&
      chunks_.back().own.size() + few.size() <= joined_bytes_max) {
    chunks_.back().own.append(few);
    unsent_ += few.size();
    held_ += few.size();
    own_ += few.size();
    return;
  }
  push(Bytes(few));
}

SendQueue::Piece SendQueue::next(std::span<ngtcp2_vec> vectors) const {
  Piece piece;
  std::size_t skip = next_offset_;
  for (std::size_t i = next_chunk_; i < chunks_.size() && piece.vectors < vectors.size(); ++i) {
    const BytesView chunk = chunks_[i].view();
    // ngtcp2 reads only, though its type says otherwise.
    auto* data = reinterpret_cast<std::uint8_t*>(const_cast<char*>(chunk.data()));
    vectors[piece.vectors++] = {data + skip, chunk.size() - skip};
    piece.bytes += chunk.size() - skip;
    skip = 0;
  }
  piece.ends_stream = finished_ && piece.bytes == unsent_;
  return piece;
}

void SendQueue::sent(std::size_t bytes, bool end_sent) {
  CHECK(bytes <= unsent_);
  unsent_ -= bytes;
  end_sent_ = end_sent_ || end_sent;
  while (bytes > 0) {
    const std::size_t part = std::min(bytes, chunks_[next_chunk_].view().size() - next_offset_);
    next_offset_ += part;
    bytes -= part;
    if (next_offset_ == chunks_[next_chunk_].view().size()) {
      ++next_chunk_;
      next_offset_ = 0;
    }
  }
}

void SendQueue::acknowledged(std::uint64_t offset) {
  while (next_chunk_ > 0 && first_offset_ + chunks_.front().view().size() <= offset) {
    first_offset_ += chunks_.front().view().size();
    forget(chunks_.front());
    chunks_.pop_front();
    --next_chunk_;
  }
}

void SendQueue::drop_unsent() {
  // The chunk that is partly sent stays: QUIC may still read its sent part.
  const std::size_t keep = next_chunk_ + (next_offset_ > 0 ? 1 : 0);
  while (chunks_.size() > keep) {
    forget(chunks_.back());
    chunks_.pop_back();
  }
  if (next_offset_ > 0) ++next_chunk_;
  next_offset_ = 0;
  unsent_ = 0;
  finished_ = true;
  end_sent_ = true;
}

}  // namespace nodedb::quic
