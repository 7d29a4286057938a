// SPDX-License-Identifier: Apache-2.0
// The small pure pieces: globs, numbers, SipHash, rows.

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/rng.h"
#include "kv/glob.h"
#include "kv/numbers.h"
#include "kv/rows.h"
#include "kv/siphash.h"

namespace nodedb::kv::test {
namespace {

TEST(Glob, Table) {
  struct Case {
    std::string_view pattern;
    std::string_view text;
    bool matches;
  };
  for (const Case& c : {
           Case{"", "", true},
           Case{"", "a", false},
           Case{"*", "", true},
           Case{"**", "abc", true},
           Case{"a*c", "abbbc", true},
           Case{"a*c", "abbbd", false},
           Case{"*a*b*", "xxaxxbxx", true},
           Case{"*ab", "aab", true},
           Case{"h?llo", "hello", true},
           Case{"h?llo", "hllo", false},
           Case{"h[ae]llo", "hallo", true},
           Case{"h[ae]llo", "hillo", false},
           Case{"h[^e]llo", "hallo", true},
           Case{"h[^e]llo", "hello", false},
           Case{"h[a-c]llo", "hbllo", true},
           Case{"h[c-a]llo", "hbllo", true},
           Case{"h[a-c]llo", "hdllo", false},
           Case{"\\*", "*", true},
           Case{"\\*", "a", false},
           Case{"a\\", "a\\", true},
           Case{"[\\]]", "]", true},
           Case{"[\\-x]", "-", true},
           Case{"[abc", "b", true},
           Case{"[abc", "d", false},
           Case{"a[", "a", false},
           Case{"a[", "ab", false},
           Case{"[^", "x", true},
           Case{"[a-]", "^", true},
           Case{"[]a", "a", false},
           Case{"a", "", false},
           Case{"a*", "", false},
           Case{"[\x80-\xff]", "\xc3", true},
       }) {
    EXPECT_EQ(glob_matches(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
  }
}

/// The definition, tried both ways at every star. Exponential: for tiny inputs only.
bool matches_slowly(BytesView pattern, BytesView text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    if (matches_slowly(pattern.substr(1), text)) return true;
    return !text.empty() && matches_slowly(pattern, text.substr(1));
  }
  if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
  return matches_slowly(pattern.substr(1), text.substr(1));
}

TEST(Glob, AgreesWithTheDefinition) {
  Rng rng(3);
  int matched = 0;
  for (int round = 0; round < 50'000; ++round) {
    Bytes pattern(rng.below(8), 'a');
    Bytes text(rng.below(10), 'a');
    for (char& c : pattern) c = "ab*?"[rng.below(4)];
    for (char& c : text) c = "ab"[rng.below(2)];
    const bool expected = matches_slowly(pattern, text);
    matched += expected ? 1 : 0;
    ASSERT_EQ(glob_matches(pattern, text), expected) << pattern << " " << text;
  }
  EXPECT_GT(matched, 1000);
}

TEST(Glob, ManyStarsAreNoAttack) {
  Bytes pattern;
  for (int i = 0; i < 1000; ++i) pattern += "a*";
  EXPECT_FALSE(glob_matches(pattern + "b", Bytes(20'000, 'a')));
}

TEST(Numbers, Integers) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_unsigned("18446744073709551615"), ~std::uint64_t{0});
  for (const char* bad : {"", "-", "+1", "00", "01", "-0", "-01", " 1", "1 ", "1a", "0x1", "1e3",
                          "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_FALSE(parse_integer(bad)) << bad;
  }
  EXPECT_FALSE(parse_integer(BytesView("1\0", 2)));
  EXPECT_FALSE(parse_unsigned("-1"));
}

TEST(Numbers, Reals) {
  EXPECT_EQ(format_real(3.0L), "3");
  EXPECT_EQ(format_real(-0.0L), "0");
  EXPECT_EQ(format_real(0.1L + 0.2L), "0.3");
  EXPECT_EQ(format_real(1e20L), "100000000000000000000");
  EXPECT_EQ(format_real(1e-17L), "0.00000000000000001");
  EXPECT_EQ(parse_real("0x10"), 16.0L);
  EXPECT_EQ(parse_real("+1.5e1"), 15.0L);
  for (const char* bad : {"", " 1", "1 ", "1x", "nan", "1e99999", "1e-99999", "."})
    EXPECT_FALSE(parse_real(bad)) << bad;
  EXPECT_FALSE(parse_real(BytesView("1\0", 2)));
  EXPECT_FALSE(parse_real(Bytes(6000, '1')));
  EXPECT_FALSE(format_real(std::numeric_limits<long double>::max()).empty());
}

TEST(SipHash, ReferenceVectors) {
  // The paper's appendix A, and the reference implementation's first vector.
  Bytes input;
  for (int i = 0; i < 15; ++i) input.push_back(static_cast<char>(i));
  EXPECT_EQ(siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, input), 0xa129ca6149be45e5);
  EXPECT_EQ(siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, ""), 0x726fdb47dd0e0e31);
}

TEST(Rows, Layout) {
  EXPECT_EQ(rows::value_key(0x0001020304050607, "k"), BytesView("v\0\1\2\3\4\5\6\7k", 10));
  EXPECT_EQ(rows::expiry_key(258, 1, "k"), BytesView("x\0\0\0\0\0\0\1\2\0\0\0\0\0\0\0\1k", 18));
  EXPECT_EQ(rows::pack(
                rows::Item{.modified_index = 1, .expire_at_ms = 2, .form = rows::Form::edited, .value = "v"}),
            BytesView("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1v", 18));
  EXPECT_EQ(rows::pack(rows::Stats{.keys = 3, .last_delete_index = 4}),
            BytesView("\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0", 16));
}

TEST(Rows, BadRowsAreRefused) {
  EXPECT_FALSE(rows::item_in(""));
  EXPECT_FALSE(rows::item_in(Bytes(16, '\0')));
  EXPECT_FALSE(rows::item_in(Bytes(17, '\3')));
  EXPECT_TRUE(rows::item_in(Bytes(17, '\0')));
  EXPECT_FALSE(rows::stats_in(Bytes(15, '\0')));
  EXPECT_FALSE(rows::stats_in(Bytes(17, '\0')));
  EXPECT_FALSE(rows::value_key_in("v1234567"));
  EXPECT_FALSE(rows::value_key_in("x12345678"));
  EXPECT_FALSE(rows::expiry_key_in("x123456781234567"));
}

}  // namespace
}  // namespace nodedb::kv::test
