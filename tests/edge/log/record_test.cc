// SPDX-License-Identifier: Apache-2.0
// The log's bytes: records, frames, headers.

#include "edge/log/record.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"
#include "edge/log/segment.h"
#include "tests/edge/log/log_model.h"
#include "tests/edge/log/store_test_support.h"
#include "wire/writer.h"

namespace nodedb::edge {
namespace {

using namespace std::string_literals;
using namespace test;

bool same_update(const node::GroupLogUpdate& a, const node::GroupLogUpdate& b) {
  return a.group == b.group && a.hard == b.hard && a.truncate_from == b.truncate_from && a.base == b.base &&
         a.append == b.append && a.destroy == b.destroy;
}

Bytes encoded(const node::LogBatch& batch) {
  Bytes bytes;
  begin_record(bytes);
  if (batch.identity) append_identity(bytes, *batch.identity);
  for (const node::GroupLogUpdate& update : batch.groups) append_update(bytes, update);
  return bytes;
}

TEST(LogRecord, everything_comes_back) {
  Rng rng(5);
  LogModel model;
  for (int round = 0; round < 300; ++round) {
    node::LogBatch batch = model.random_batch(rng, 300);
    model.apply(batch);
    const auto record = decode_record(encoded(batch));
    ASSERT_TRUE(record) << record.error().detail;
    EXPECT_EQ(record->identity, batch.identity);
    std::erase_if(batch.groups, [](const node::GroupLogUpdate& update) {
      return same_update(update, {update.group, {}, {}, {}, {}, false});
    });
    ASSERT_EQ(record->items.size(), batch.groups.size());
    for (std::size_t i = 0; i < batch.groups.size(); ++i) {
      EXPECT_TRUE(same_update(record->items[i].update, batch.groups[i]));
      EXPECT_FALSE(record->items[i].restated);
    }
  }
}

TEST(LogRecord, a_restatement_is_marked) {
  node::GroupLogUpdate update;
  update.group = GroupId(1024);
  update.hard = raft::HardState{Term(1), NodeId(2), Index(UINT64_MAX)};
  update.append = {entry(9, "x")};
  Bytes bytes;
  begin_record(bytes);
  append_update(bytes, update, true);
  const auto record = decode_record(bytes);
  ASSERT_TRUE(record);
  ASSERT_EQ(record->items.size(), 1u);
  EXPECT_TRUE(record->items[0].restated);
  EXPECT_TRUE(same_update(record->items[0].update, update));
}

TEST(LogRecord, an_update_that_says_nothing_takes_no_bytes) {
  EXPECT_EQ(encoded(batch_of({GroupId(3), {}, {}, {}, {}, false})).size(), 1u);
}

TEST(LogRecord, every_truncation_is_damage) {
  node::LogBatch batch = first_batch();
  batch.groups[0].append = {entry(2, "payload"), entry(3, "")};
  batch.groups[0].append[1].kind = raft::EntryKind::noop;
  batch.groups[0].truncate_from = Index(2);
  const Bytes whole = encoded(batch);
  for (std::size_t size = 2; size < whole.size(); ++size) {
    const auto record = decode_record(BytesView(whole).substr(0, size));
    ASSERT_FALSE(record) << size;
    EXPECT_EQ(record.error().code, Code::damaged);
  }
}

TEST(LogRecord, well_sealed_nonsense_is_refused) {
  const auto code = [](const Bytes& bytes) { return decode_record(bytes).error().code; };
  EXPECT_EQ(code("\x02"s), Code::incompatible) << "a later version";
  EXPECT_EQ(code(""s), Code::damaged);
  EXPECT_EQ(code("\x01\x80\x07"s), Code::damaged) << "an unknown part";
  EXPECT_EQ(code("\x01\x00\x07"s), Code::damaged) << "an item without a part";
  EXPECT_EQ(code("\x01\x20\x07"s), Code::damaged) << "a mark without a part";
  EXPECT_EQ(code("\x01\x11\x07\x01\x01\x01"s), Code::damaged) << "a destruction does not stand alone";
  EXPECT_EQ(code("\x01\x22\x07\x05"s), Code::damaged) << "a restated truncation";
  EXPECT_EQ(code("\x01\x08\x07\x05\x00"s), Code::damaged) << "an append of nothing";
  EXPECT_EQ(code("\x01\x08\x07\x00\x01\x01\x02\x00"s), Code::damaged) << "index 0";
  EXPECT_EQ(code("\x01\x08\x07\x05\x01\x01\x01\x01x"s), Code::damaged) << "a noop with a payload";
  EXPECT_EQ(code("\x01\x08\x07\x05\x01\x01\x09\x00"s), Code::damaged) << "an unknown kind";
  EXPECT_EQ(code("\x01\x08\x07\x05\x01\x01\x03\x01?"s), Code::damaged) << "no config";
  EXPECT_EQ(code("\x01\x04\x07\x05\x01\x01?"s), Code::damaged) << "a base without a config";
  EXPECT_EQ(code("\x01\x08\x07\x05\xff\xff\xff\xff\x0f"s), Code::damaged)
      << "more entries than there are bytes";
}

TEST(Segment, a_header_comes_back_and_shows_every_flipped_bit) {
  const SegmentHeader header{7, 16u << 20, 0x0123456789abcdef};
  const Bytes sector = encode_header(header);
  EXPECT_EQ(sector.size(), sector_bytes);
  EXPECT_EQ(*decode_header(sector), header);
  for (std::size_t bit = 0; bit < 36 * 8; ++bit) {
    Bytes bad = sector;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(decode_header(bad)) << bit;
    EXPECT_EQ(decode_header(bad).error().code, Code::damaged);
  }
  for (const std::size_t size : {0U, 7U, 35U}) EXPECT_FALSE(decode_header(BytesView(sector).substr(0, size)));
}

TEST(Segment, a_header_with_an_impossible_number_or_size_is_refused) {
  constexpr std::uint64_t good = header_bytes + sector_bytes;
  EXPECT_TRUE(decode_header(encode_header({1, good, 5})));
  for (const SegmentHeader& bad :
       {SegmentHeader{0, good, 5}, SegmentHeader{1, header_bytes, 5}, SegmentHeader{1, good + 1, 5}}) {
    const auto refused = decode_header(encode_header(bad));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::damaged);
  }
}

TEST(Segment, a_frame_counts_in_its_own_use_only) {
  const std::uint32_t seed = SegmentHeader{1, 0, 5}.frame_seed();
  Bytes frame(frame_head_bytes, '?');
  frame += Bytes(700, 'r');
  seal_frame(frame, 42, seed);
  EXPECT_EQ(frame.size(), 2 * sector_bytes);
  const Bytes segment = Bytes(header_bytes, '\0') + frame;
  const auto found = frame_at(segment, header_bytes, seed);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sequence, 42u);
  EXPECT_EQ(found->record, Bytes(700, 'r'));
  EXPECT_EQ(found->end, segment.size());
  EXPECT_FALSE(frame_at(segment, header_bytes, SegmentHeader{1, 0, 6}.frame_seed())) << "of an earlier use";
  EXPECT_FALSE(frame_at(segment, 0, seed));
  EXPECT_FALSE(frame_at(segment, segment.size(), seed));
  EXPECT_FALSE(frame_at(BytesView(segment).substr(0, segment.size() - 400), header_bytes, seed))
      << "cut short";
  EXPECT_EQ(find_frame(segment, 0, 42, seed), header_bytes);
  EXPECT_FALSE(find_frame(segment, 0, 43, seed));
  EXPECT_TRUE(claims(segment, header_bytes, 42));
}

}  // namespace
}  // namespace nodedb::edge
