// SPDX-License-Identifier: Apache-2.0
#include "base/join_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "base/rng.h"

namespace nodedb {
namespace {

JoinToken drawn(std::uint64_t seed) {
  Rng rng(seed);
  JoinToken token;
  token.id = TokenId(rng.next());
  for (auto& byte : token.secret) byte = static_cast<std::uint8_t>(rng.next());
  for (auto& byte : token.authority.bytes) byte = static_cast<std::uint8_t>(rng.next());
  return token;
}

TEST(JoinToken, ComesBackInEitherCase) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const JoinToken token = drawn(seed);
    std::string written = text(token);
    EXPECT_EQ(written.size(), 101U);
    EXPECT_EQ(parse_join_token(written), token);
    std::ranges::transform(written, written.begin(),
                           [](char c) { return static_cast<char>(std::toupper(c)); });
    EXPECT_EQ(parse_join_token(written), token);
  }
}

TEST(JoinToken, HasTheTextItHad) {
  JoinToken token;
  token.id = TokenId(0x0123456789abcdef);
  token.secret.fill(0x5a);
  token.authority.bytes.fill(0xc3);
  EXPECT_EQ(text(token),
            "ndbt1aerukz4jvpg66ws2ljnfuws2ljnfuws2ljnfuwwdypb4h"
            "q6dypb4hq6dypb4hq6dypb4hq6dypb4hq6dypb4hq6dynvhx6af");
  EXPECT_EQ(text(token.id), "0123456789abcdef");
}

TEST(JoinToken, EveryMistypedOrSwappedCharacterIsNoticed) {
  const std::string written = text(drawn(1));
  for (std::size_t i = 0; i < written.size(); ++i) {
    for (const char wrong : {'a', 'q', '7', '0', '-', ' ', '@'}) {
      std::string mistyped = written;
      mistyped[i] = wrong;
      if (mistyped == written) continue;
      const auto parsed = parse_join_token(mistyped);
      ASSERT_FALSE(parsed) << i << wrong;
      EXPECT_EQ(parsed.error().code, i == 4 && wrong == '7' ? Code::incompatible : Code::malformed)
          << i << wrong;
    }
    std::string swapped = written;
    if (i > 0) std::swap(swapped[i], swapped[i - 1]);
    EXPECT_EQ(parse_join_token(swapped).has_value(), swapped == written) << i;
  }
}

TEST(JoinToken, CutDoubledOrEmptyIsRefused) {
  const std::string written = text(drawn(2));
  for (std::size_t size = 0; size < written.size(); ++size)
    EXPECT_FALSE(parse_join_token(BytesView(written).substr(0, size))) << size;
  EXPECT_FALSE(parse_join_token(written + "a"));
  EXPECT_FALSE(parse_join_token(written + written));
}

TEST(TokenId, OneSpelling) {
  EXPECT_EQ(parse_token_id(text(TokenId(0xfeed))), TokenId(0xfeed));
  for (const char* bad : {"", "feed", "000000000000FEED", "000000000000feedd", "000000000000fee "})
    EXPECT_EQ(parse_token_id(bad).error().code, Code::malformed) << bad;
}

TEST(Digest, TextAndComparison) {
  const Digest digest = drawn(3).authority;
  EXPECT_EQ(Digest::parse(digest.text()), digest);
  EXPECT_FALSE(Digest::parse(digest.text().substr(1)));
  EXPECT_FALSE(Digest::parse("G" + digest.text().substr(1)));
  EXPECT_TRUE(same_secret(digest, digest));
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    Digest other = digest;
    other.bytes[i] ^= 0x80;
    EXPECT_FALSE(same_secret(digest, other));
  }
}

}  // namespace
}  // namespace nodedb
