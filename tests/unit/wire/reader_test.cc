// SPDX-License-Identifier: Apache-2.0
#include "wire/reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/wire/generators.h"
#include "wire/writer.h"

namespace nodedb::wire {
namespace {

TEST(Reader, FixedNumbersAreLittleEndian) {
  Bytes bytes;
  Writer out(bytes);
  out.u16(0x0102);
  out.u32(0x03040506);
  out.u64(0x0708090a0b0c0d0e);
  EXPECT_EQ(bytes, BytesView("\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07"));
  Reader in{BytesView(bytes)};
  EXPECT_EQ(in.u16(), 0x0102);
  EXPECT_EQ(in.u32(), 0x03040506u);
  EXPECT_EQ(in.u64(), 0x0708090a0b0c0d0eu);
  EXPECT_TRUE(in.ok() && in.at_end());
}

RC_GTEST_PROP(Reader, VarintsComeBackInTheirShortestForm, ()) {
  const auto value = test::number();
  Bytes bytes;
  Writer(bytes).varint(value);
  RC_ASSERT((bytes.size() == varint_size(value)));
  Reader in{BytesView(bytes)};
  RC_ASSERT((in.varint() == value));
  RC_ASSERT((in.ok() && in.at_end()));
}

TEST(Reader, OddVarintsAreRefused) {
  using namespace std::string_view_literals;
  const BytesView longer_than_needed[] = {"\x80\x00"sv, "\x81\x80\x00"sv};
  for (const BytesView bytes : longer_than_needed) {
    Reader in(bytes);
    EXPECT_EQ(in.varint(), 0u);
    EXPECT_FALSE(in.ok());
  }
  Reader sixty_five_bits("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv);
  sixty_five_bits.varint();
  EXPECT_FALSE(sixty_five_bits.ok());
  Reader endless("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv);
  endless.varint();
  EXPECT_FALSE(endless.ok());
  Reader above_range("\x80\x80\x80\x80\x10"sv);
  above_range.varint32();
  EXPECT_FALSE(above_range.ok());
}

TEST(Reader, TheFirstTroubleSticks) {
  Reader in("\x05");
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0u) << "one byte is left, but nothing is trusted any more";
  in.refuse(Code::too_large, "later");
  EXPECT_EQ(in.error("a thing").code, Code::malformed);
  EXPECT_EQ(in.finish("a thing").error().detail, "a thing cannot be read: it is cut short (at byte 0 of 1)");
}

TEST(Reader, CountsAreHeldAgainstWhatIsThere) {
  Bytes bytes;
  Writer(bytes).varint(1'000'000);
  Reader lie{BytesView(bytes)};
  EXPECT_EQ(lie.count(2'000'000, 1), 0u);
  EXPECT_EQ(lie.error("x").code, Code::malformed);
  Reader many{BytesView(bytes)};
  EXPECT_EQ(many.count(1'000, 1), 0u);
  EXPECT_EQ(many.error("x").code, Code::too_large);
}

TEST(Reader, LengthsBeyondTheEndAndAboveTheCapAreRefused) {
  Bytes bytes;
  Writer(bytes).varint(std::numeric_limits<std::uint64_t>::max());
  Reader huge{BytesView(bytes)};
  EXPECT_TRUE(huge.bytes().empty());
  EXPECT_FALSE(huge.ok());
  Reader capped(
      "\x03"
      "abc");
  EXPECT_TRUE(capped.bytes(2).empty());
  EXPECT_EQ(capped.error("x").code, Code::too_large);
}

TEST(Reader, TruthIsZeroOrOne) {
  Reader in("\x02");
  EXPECT_FALSE(in.boolean());
  EXPECT_FALSE(in.ok());
}

TEST(Reader, BlobsShareTheSourceAndOutliveTheReader) {
  Blob part;
  const char* inside = nullptr;
  {
    const Blob source(
        Bytes("\x05"
              "hello"
              "\x00",
              7));
    Reader in(source);
    part = in.blob();
    inside = source.view().data() + 1;
    EXPECT_TRUE(in.blob().empty());
    EXPECT_TRUE(in.finish("it").has_value());
  }
  EXPECT_EQ(part.view(), "hello");
  EXPECT_EQ(part.view().data(), inside);
}

}  // namespace
}  // namespace nodedb::wire
