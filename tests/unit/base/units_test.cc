// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <gtest/gtest.h>

namespace nodedb {
namespace {

TEST(Units, ReadsDurations) {
  EXPECT_EQ(parse_duration("250ms"), 250'000'000);
  EXPECT_EQ(parse_duration("1ns"), 1);
  EXPECT_EQ(parse_duration("7us"), 7'000);
  EXPECT_EQ(parse_duration("3s"), 3'000'000'000);
  EXPECT_EQ(parse_duration("2m"), 120'000'000'000);
  EXPECT_EQ(parse_duration("1h"), 3'600'000'000'000);
  EXPECT_EQ(parse_duration("0"), 0);
  EXPECT_EQ(parse_duration("0s"), 0);
}

TEST(Units, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "250", "ms", "-1s", "1.5s", "1 s", " 1s", "1s ", "1S", "1sec", "0x1s"})
    EXPECT_EQ(parse_duration(text).error().code, Code::malformed) << text;
  for (const char* text : {"99999999999999999999s", "9223372036854775808ns", "3000000h"})
    EXPECT_EQ(parse_duration(text).error().code, Code::too_large) << text;
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_size("1B"), 1u);
  EXPECT_EQ(parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(parse_size("1GiB"), 1u << 30);
  EXPECT_EQ(parse_size("5MB"), 5'000'000u);
  EXPECT_EQ(parse_size("1TB"), 1'000'000'000'000u);
}

TEST(Units, RefusesWhatIsNoSize) {
  for (const char* text : {"64", "64M", "64mib", "MiB", "1.5GiB", "-1B"})
    EXPECT_EQ(parse_size(text).error().code, Code::malformed) << text;
  EXPECT_EQ(parse_size("9999999999TiB").error().code, Code::too_large);
}

TEST(Units, ReadsAddresses) {
  EXPECT_EQ(parse_host_port("127.0.0.1:7000"), (HostPort{"127.0.0.1", 7000}));
  EXPECT_EQ(parse_host_port("node-1.example:1"), (HostPort{"node-1.example", 1}));
  EXPECT_EQ(parse_host_port("[::1]:65535"), (HostPort{"::1", 65535}));
}

TEST(Units, RefusesWhatIsNoAddress) {
  for (const char* text : {"", ":", ":1", "host", "host:", "host:65536", "host:-1", "::1:7000", "[]:1",
                           "[::1]", "a b:1", "[::1:7", "host:1x"})
    EXPECT_EQ(parse_host_port(text).error().code, Code::malformed) << text;
}

TEST(Units, DurationTextIsReadBack) {
  for (const std::int64_t ns : {0LL, 1LL, 999LL, 1'000LL, 250'000'000LL, 60'000'000'000LL, 61'000'000'000LL})
    EXPECT_EQ(parse_duration(duration_text(ns)), ns);
  EXPECT_EQ(duration_text(250'000'000), "250ms");
  EXPECT_EQ(duration_text(120'000'000'000), "2m");
}

TEST(Units, HexIsReadBack) {
  using namespace std::string_literals;
  const Bytes bytes = "\x00\x7f\xff\x10"s;
  EXPECT_EQ(hex_text(bytes), "007fff10");
  EXPECT_EQ(parse_hex("007fff10"), bytes);
  EXPECT_EQ(parse_hex(""), Bytes());
  for (const char* text : {"0", "0g", "0G", "FF", "0 "})
    EXPECT_EQ(parse_hex(text).error().code, Code::malformed) << text;
}

TEST(Units, SizeTextIsReadBack) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1000ULL, 1024ULL, 3ULL << 20, 5ULL << 40})
    EXPECT_EQ(parse_size(size_text(bytes)), bytes);
  EXPECT_EQ(size_text(32 << 20), "32MiB");
  EXPECT_EQ(size_text(1000), "1000B");
}

}  // namespace
}  // namespace nodedb
