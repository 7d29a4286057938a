// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/wire/generators.h"
#include "tests/unit/wire/robustness.h"

namespace nodedb::wire {
namespace {

constexpr std::size_t cap = 4096;

Result<std::optional<Frame>> only_frame(BytesView bytes) {
  FrameReader reader(cap);
  reader.feed(bytes);
  return reader.next();
}

Code code_of(BytesView bytes) {
  const auto frame = only_frame(bytes);
  EXPECT_FALSE(frame.has_value());
  return frame.has_value() ? Code::invalid_state : frame.error().code;
}

RC_GTEST_PROP(FrameReader, GivesTheSameFramesHoweverTheBytesArrive, ()) {
  std::vector<Frame> sent;
  Bytes stream;
  for (std::size_t count = test::below(5); count > 0; --count) {
    sent.push_back({static_cast<FrameKind>(test::number<std::uint8_t>()), Blob(test::bytes(200))});
    stream += encode_frame(sent.back().kind, sent.back().payload.view());
  }
  FrameReader reader(cap);
  std::vector<Frame> got;
  const std::size_t parts_below = test::below(2) == 0 ? 20 : 600;
  for (BytesView rest = stream; !rest.empty();) {
    const std::size_t part = std::min(rest.size(), 1 + test::below(parts_below));
    reader.feed(rest.substr(0, part));
    rest.remove_prefix(part);
    for (auto frame = reader.next(); frame.value(); frame = reader.next()) got.push_back(std::move(**frame));
  }
  RC_ASSERT((got == sent));
  RC_ASSERT((!reader.in_frame()));
  RC_ASSERT((reader.buffered_bytes() == 0u));
}

TEST(FrameReader, ATruncatedFrameIsNotYetAFrame) {
  const Bytes frame = encode_frame(FrameKind::hello, "payload");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const auto got = only_frame(BytesView(frame).substr(0, size));
    ASSERT_TRUE(got.has_value()) << size;
    EXPECT_FALSE(got->has_value()) << size;
  }
}

TEST(FrameReader, EveryFlippedBitIsFound) {
  const Bytes frame = encode_frame(FrameKind::hello, "payload");
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    Bytes bad = frame;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    const auto got = only_frame(bad);
    // A raised length is believed until the cap: then the frame is merely not complete.
    EXPECT_TRUE(!got.has_value() || !got->has_value()) << "bit " << bit;
  }
}

TEST(FrameReader, ErrorsAreTypedAndStay) {
  Bytes frame = encode_frame(FrameKind::hello, "payload");
  Bytes bad = frame;
  bad.back() = 'X';
  EXPECT_EQ(code_of(bad), Code::damaged);
  bad = frame;
  bad[5] = 2;
  EXPECT_EQ(code_of(bad), Code::incompatible);
  bad = frame;
  bad[6] = 1;
  EXPECT_EQ(code_of(bad), Code::malformed);
  EXPECT_EQ(code_of(encode_frame(FrameKind::hello, Bytes(cap + 1, 'x'))), Code::too_large);
  EXPECT_TRUE(only_frame(encode_frame(FrameKind::hello, Bytes(cap, 'x')))->has_value());

  FrameReader reader(cap);
  bad = frame;
  bad.back() = 'X';
  reader.feed(frame + bad + frame);
  EXPECT_TRUE(reader.next()->has_value()) << "what came before the trouble is whole";
  EXPECT_FALSE(reader.next().has_value());
  reader.feed(frame);
  EXPECT_FALSE(reader.next().has_value()) << "there is no way back into the stream";
}

TEST(FrameReader, TheCapCanBeRaisedButNotLowered) {
  FrameReader reader(16);
  reader.raise_limit(cap);
  reader.raise_limit(16);
  reader.feed(encode_frame(FrameKind::raft, Bytes(cap, 'x')));
  EXPECT_TRUE(reader.next()->has_value());
}

TEST(FrameReader, APromiseOfMuchCostsNothing) {
  FrameReader reader(std::size_t{4} * 1024 * 1024 * 1024);
  const Bytes frame = encode_frame(FrameKind::raft, "");
  Bytes header = frame;
  header[3] = static_cast<char>(0xf0);  // almost 4 GiB to come
  reader.feed(header);
  EXPECT_LE(reader.buffered_bytes(), frame.size());
  EXPECT_TRUE(reader.in_frame());
}

TEST(FrameReader, SurvivesGarbage) {
  const Bytes frames = encode_frame(FrameKind::hello, "first") + encode_frame(FrameKind::pulse, "second");
  test::survives_mutation(frames, [](BytesView bytes) { return only_frame(bytes); });
}

}  // namespace
}  // namespace nodedb::wire
