// SPDX-License-Identifier: Apache-2.0
#include "edge/log/segment_ring.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"

namespace nodedb::edge {

namespace {

/// How many segments may be kept beside those that what holds fills twice over.
constexpr std::size_t segments_spare = 3;
/// Of a new file, with each write: so much, or a multiple of what is written.
constexpr std::uint64_t growth_bytes_min = 256u << 10;
constexpr std::uint64_t growth_factor = 4;

std::string name_of(std::uint32_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return digits + ".seg";
}

std::uint32_t number_in(const std::string& name) {
  std::uint32_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

std::string unfinished(const std::string& name) {
  return name + ".new";
}

}  // namespace

Result<SegmentRing> SegmentRing::open(SegmentFiles& files, RingOptions options, std::vector<Segment> segments,
                                      const LogEnd& end) {
  SegmentRing ring(files, std::move(options));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    ring.last_name_ = std::max(ring.last_name_, number_in(segments[i].name));
    (i <= end.segment ? ring.retained_ : ring.prepared_).push_back(std::move(segments[i]));
  }
  ring.offset_ = end.offset;
  ring.record_ = end.record;
  const auto names = files.list();
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (!name.ends_with(".new")) continue;
    if (auto gone = files.remove(name); !gone) return std::unexpected(gone.error());
  }
  if (!ring.retained_.empty()) return ring;
  if (auto made = ring.make_now(ring.options_.segment_bytes); !made) return std::unexpected(made.error());
  ring.advance();
  return ring;
}

Result<void> SegmentRing::make_room(std::uint64_t frame_bytes, LogIndex& index) {
  if (auto tended = tend(frame_bytes, index); !tended) {
    // As long as there is room here, there is time to find more.
    if (tended.error().code != Code::disk_full || !fits(frame_bytes)) return tended;
  }
  while (!fits(frame_bytes)) {
    if (prepared_.empty()) {
      const std::uint64_t bytes = std::max(options_.segment_bytes, header_bytes + frame_bytes);
      if (auto made = make_now(bytes); !made) return made;
    }
    advance();
  }
  return {};
}

void SegmentRing::wrote(std::uint64_t frame_bytes) {
  offset_ += frame_bytes;
  ++record_;
}

bool SegmentRing::crowded(const LogIndex& index) const {
  return retained_.size() > wanted(index) && !index.is_free(oldest().header.number);
}

bool SegmentRing::fits(std::uint64_t frame_bytes) const {
  return offset_ + frame_bytes <= retained_.back().header.bytes;
}

void SegmentRing::advance() {
  retained_.push_back(std::move(prepared_.front()));
  prepared_.pop_front();
  offset_ = header_bytes;
  record_ = 0;
}

/// Twice what holds: then restating costs no more than what is written, and the log stays small.
std::size_t SegmentRing::wanted(const LogIndex& index) const {
  return segments_spare + 2 * index.live_bytes() / options_.segment_bytes;
}

std::uint32_t SegmentRing::next_number() const {
  if (!prepared_.empty()) return prepared_.back().header.number + 1;
  return retained_.empty() ? 1 : retained_.back().header.number + 1;
}

bool SegmentRing::oldest_is_free(const LogIndex& index) const {
  return retained_.size() > 1 && index.is_free(oldest().header.number);
}

Result<void> SegmentRing::tend(std::uint64_t frame_bytes, LogIndex& index) {
  if (prepared_.empty()) {
    const bool reusable = oldest_is_free(index) && oldest().header.bytes == options_.segment_bytes;
    auto prepared =
        reusable ? reuse_oldest(index) : grow(std::max(growth_bytes_min, growth_factor * frame_bytes));
    if (!prepared) return prepared;
  }
  const bool surplus = retained_.size() > wanted(index) || oldest().header.bytes != options_.segment_bytes;
  return surplus && oldest_is_free(index) ? delete_oldest(index) : Result<void>();
}

Result<void> SegmentRing::reuse_oldest(LogIndex& index) {
  Segment& segment = retained_.front();
  const SegmentHeader before = segment.header;
  segment.header = {next_number(), before.bytes, options_.nonce()};
  if (auto written = write_header(segment); !written) {
    segment.header = before;
    return written;
  }
  index.forget(before.number);
  prepared_.push_back(std::move(segment));
  retained_.pop_front();
  return {};
}

Result<void> SegmentRing::delete_oldest(LogIndex& index) {
  if (auto gone = files_->remove(oldest().name); !gone) return gone;
  index.forget(oldest().header.number);
  retained_.pop_front();
  return {};
}

Result<void> SegmentRing::write_header(Segment& segment) {
  if (auto written = segment.file->write(0, encode_header(segment.header)); !written) return written;
  if (options_.bugs.unsynced_reuse && !growing_) return {};
  return segment.file->sync();
}

Result<void> SegmentRing::begin_growing(std::uint64_t bytes) {
  const std::string name = name_of(last_name_ + 1);
  auto file = files_->create(unfinished(name), bytes);
  if (!file) {
    // What there was room for is given back.
    static_cast<void>(files_->remove(unfinished(name)));
    return std::unexpected(file.error());
  }
  growing_ = Growing{{name, std::move(*file), {0, bytes, 0}}};
  return {};
}

/// A piece of the next new file, or its last touch.
Result<void> SegmentRing::grow(std::uint64_t bytes) {
  if (!growing_) {
    if (auto begun = begin_growing(options_.segment_bytes); !begun) return begun;
  }
  Segment& segment = growing_->segment;
  const std::uint64_t piece = std::min(bytes, segment.header.bytes - growing_->zeroed);
  if (piece == 0) return finish_growing();
  static const Bytes zeros(growth_bytes_min, '\0');
  const std::uint64_t begin = growing_->zeroed;
  while (growing_->zeroed < begin + piece) {
    const std::uint64_t some = std::min<std::uint64_t>(zeros.size(), begin + piece - growing_->zeroed);
    if (auto written = segment.file->write(growing_->zeroed, BytesView(zeros).substr(0, some)); !written) {
      static_cast<void>(files_->remove(unfinished(segment.name)));
      growing_.reset();
      return written;
    }
    growing_->zeroed += some;
  }
  segment.file->start_sync(begin, piece);
  return {};
}

Result<void> SegmentRing::finish_growing() {
  Segment& segment = growing_->segment;
  segment.header.number = next_number();
  segment.header.nonce = options_.nonce();
  if (auto written = write_header(segment); !written) return written;
  if (auto renamed = files_->rename(unfinished(segment.name), segment.name); !renamed) return renamed;
  ++last_name_;
  prepared_.push_back(std::move(segment));
  growing_.reset();
  return {};
}

/// A segment of so many bytes at least, at once.
Result<void> SegmentRing::make_now(std::uint64_t bytes) {
  if (growing_ && growing_->segment.header.bytes < bytes) {
    if (auto gone = files_->remove(unfinished(growing_->segment.name)); !gone) return gone;
    growing_.reset();
  }
  if (!growing_) {
    if (auto begun = begin_growing(bytes); !begun) return begun;
  }
  while (growing_) {
    if (auto grown = grow(std::max(bytes / 4, growth_bytes_min)); !grown) return grown;
  }
  return {};
}

}  // namespace nodedb::edge
