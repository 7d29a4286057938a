// SPDX-License-Identifier: Apache-2.0
#include "base/endian.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace nodedb {
namespace {

TEST(Endian, NumbersLieInTheOrderThatWasAskedFor) {
  Bytes out = "x";
  append_number<std::endian::little>(out, std::uint32_t{0x01020304});
  append_number<std::endian::big>(out, std::uint16_t{0x0506});
  EXPECT_EQ(out, Bytes("x\x04\x03\x02\x01\x05\x06"));
  EXPECT_EQ((number_at<std::endian::little, std::uint32_t>(out.data() + 1)), 0x01020304u);
  EXPECT_EQ((number_at<std::endian::big, std::uint16_t>(out.data() + 5)), 0x0506u);
}

TEST(Bytes, ExtendingKeepsWhatWasThereHoweverOftenItGrows) {
  Bytes out;
  Bytes expected;
  for (std::uint64_t i = 0; i < 200; ++i) {
    extend(out, 3, [i](char* at) { at[0] = at[1] = at[2] = static_cast<char>(i); });
    expected.append(3, static_cast<char>(i));
    ASSERT_EQ(out, expected);
  }
}

}  // namespace
}  // namespace nodedb
