// SPDX-License-Identifier: Apache-2.0
// The Raft log as found on disk. The first byte chooses: a record; a header; a whole segment file; a segment
// in which the input is cut into records with right checksums, so that these do not hide the rest.

#include <memory>

#include "edge/log/record.h"
#include "edge/log/replay.h"
#include "edge/log/segment.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace nodedb;

void record(BytesView payload) {
  const auto read = edge::decode_record(payload);
  if (!read) return;
  Bytes again;
  edge::begin_record(again);
  if (read->identity) edge::append_identity(again, *read->identity);
  for (const edge::LogItem& item : read->items) edge::append_update(again, item.update, item.restated);
  CHECK(edge::decode_record(again)->items.size() == read->items.size());
}

void header(BytesView sector) {
  if (const auto read = edge::decode_header(sector))
    CHECK(edge::decode_header(edge::encode_header(*read)) == *read);
}

class OneFile final : public edge::SegmentFile {
 public:
  explicit OneFile(Bytes content) : content_(std::move(content)) {}
  std::uint64_t bytes() const override { return content_.size(); }
  Result<Bytes> read(std::uint64_t offset, std::uint64_t bytes) const override {
    return offset > content_.size() ? Bytes() : content_.substr(offset, bytes);
  }
  Result<void> write(std::uint64_t, BytesView) override { return {}; }
  Result<void> sync() override { return {}; }
  void start_sync(std::uint64_t, std::uint64_t) override {}

 private:
  Bytes content_;
};

void replay(Bytes content) {
  std::vector<edge::Segment> segments;
  const edge::SegmentHeader said{1, content.size(), 7};
  segments.push_back({"0001.seg", std::make_unique<OneFile>(std::move(content)), said});
  edge::Replay replay;
  const auto end = edge::read_records(
      "log", segments, [&replay](edge::ReadRecord read) { replay.take(read.place, std::move(read.record)); });
  if (!end) return;
  CHECK(end->offset <= said.bytes + edge::sector_bytes);
  const auto outcome = replay.finish("log");
  if (!outcome) CHECK(outcome.error().code == Code::damaged);
}

void segment(BytesView content) {
  if (content.size() < edge::header_bytes) return;  // refused by its header
  replay(Bytes(content));
}

void sealed_segment(BytesView records) {
  Bytes content(edge::header_bytes, '\0');
  const std::uint32_t seed = edge::SegmentHeader{1, 0, 7}.frame_seed();
  for (std::uint64_t sequence = 1; !records.empty(); ++sequence) {
    const std::size_t size = 1 + static_cast<unsigned char>(records[0]);
    Bytes frame(edge::frame_head_bytes, '\0');
    edge::begin_record(frame);
    frame += records.substr(0, size).substr(1);
    edge::seal_frame(frame, sequence, seed);
    content += frame;
    records.remove_prefix(std::min(size, records.size()));
  }
  replay(std::move(content));
}

}  // namespace

extern "C" int NODEDB_FUZZER(log)(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView bytes = fuzz::view(data, size).substr(1);
  constexpr void (*readers[])(BytesView) = {record, header, segment, sealed_segment};
  readers[data[0] % std::size(readers)](bytes);
  return 0;
}
