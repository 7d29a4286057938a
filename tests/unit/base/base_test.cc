// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/hlc.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/slot.h"
#include "base/uuid.h"

namespace nodedb {
namespace {

// --- rng ---

TEST(Rng, TheSameSeedGivesTheSameSequence) {
  Rng a(42);
  Rng b(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(Rng(42).next(), Rng(43).next());
}

TEST(Rng, FirstDrawsOfSeedZeroArePinned) {
  // splitmix64 from 0 begins e220a8397b1dcdaf 6e789e6aa1b965f4; xoshiro256** then draws from the second word.
  Rng rng(0);
  const std::uint64_t second = 0x6e789e6aa1b965f4;
  const std::uint64_t scrambled = second * 5;
  EXPECT_EQ(rng.next(), (scrambled << 7 | scrambled >> 57) * 9);
}

TEST(Rng, BelowStaysBelowAndReachesAll) {
  Rng rng(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto drawn = rng.below(7);
    ASSERT_LT(drawn, 7U);
    seen.insert(drawn);
  }
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, BetweenTakesWholeRanges) {
  Rng rng(1);
  for (int i = 0; i < 1000; ++i) {
    const auto drawn = rng.between(-3, 3);
    ASSERT_GE(drawn, -3);
    ASSERT_LE(drawn, 3);
  }
  EXPECT_EQ(rng.between(5, 5), 5);
  (void)rng.between(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
}

TEST(Rng, ChanceKnowsItsEnds) {
  Rng rng(1);
  int hits = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(rng.chance(0));
    EXPECT_TRUE(rng.chance(1));
    hits += rng.chance(0.5) ? 1 : 0;
  }
  EXPECT_GT(hits, 400);
  EXPECT_LT(hits, 600);
}

TEST(Rng, AForkDrawsItsOwnSequence) {
  Rng parent(9);
  Rng child = parent.fork();
  Rng again(9);
  Rng same = again.fork();
  for (int i = 0; i < 10; ++i) (void)child.next();
  EXPECT_EQ(parent.next(), again.next());
  EXPECT_NE(child.next(), same.next());
}

TEST(RngDeathTest, RefusesEmptyRanges) {
  Rng rng(1);
  EXPECT_DEATH((void)rng.below(0), "invariant broken");
  EXPECT_DEATH((void)rng.between(2, 1), "invariant broken");
}

// --- hlc ---

TEST(Hlc, NeverFallsWhenTheWallClockDoes) {
  HlcClock clock;
  Hlc before = clock.now(WallTime{100});
  for (const std::int64_t wall : {50, 100, 99, 101, -5, 101}) {
    const Hlc stamp = clock.now(WallTime{wall});
    EXPECT_GT(stamp, before);
    before = stamp;
  }
}

TEST(Hlc, AReceiveIsAboveBothSides) {
  HlcClock clock;
  (void)clock.now(WallTime{10});
  const Hlc remote{30, 7};
  const Hlc stamp = clock.receive(WallTime{20}, remote);
  EXPECT_EQ(stamp, (Hlc{30, 8}));
  EXPECT_EQ(clock.receive(WallTime{5}, Hlc{30, 2}), (Hlc{30, 9}));
  EXPECT_EQ(clock.receive(WallTime{40}, Hlc{30, 2}), (Hlc{40, 0}));
}

// --- uuid ---

TEST(Uuid, Version4HasItsMarksAndRoundTrips) {
  Rng rng(3);
  for (int i = 0; i < 50; ++i) {
    const Uuid id = Uuid::v4(rng);
    EXPECT_EQ(id.version(), 4);
    EXPECT_EQ(id.variant(), 2);
    EXPECT_FALSE(id.is_nil());
    EXPECT_EQ(Uuid::parse(id.text()), id);
  }
  EXPECT_TRUE(Uuid{}.is_nil());
}

TEST(Uuid, UpperCaseIsTheSame) {
  EXPECT_EQ(Uuid::parse("919108F7-52D1-4320-9BAC-F847DB4148A8"),
            Uuid::parse("919108f7-52d1-4320-9bac-f847db4148a8"));
}

TEST(Uuid, BadTextIsMalformed) {
  const std::string good = "919108f7-52d1-4320-9bac-f847db4148a8";
  for (const std::string& bad :
       {std::string(), std::string("919108f752d143209bacf847db4148a8"), good + "0", good.substr(1),
        "{" + good.substr(1, 34) + "}", std::string("919108f7-52d1-4320-9bac-f847db4148ag"),
        std::string("919108f7+52d1-4320-9bac-f847db4148a8"), std::string(36, '-'), std::string(36, '\0'),
        std::string(1000, 'a')}) {
    const auto id = Uuid::parse(bad);
    ASSERT_FALSE(id.has_value()) << bad;
    EXPECT_EQ(id.error().code, Code::malformed);
    EXPECT_LT(id.error().detail.size(), 200U);
  }
}

// --- crc ---

TEST(Crc32c, GoesOnWhereItEnded) {
  Rng rng(5);
  std::string data(257, '\0');
  for (char& c : data) c = static_cast<char>(rng.below(256));
  for (std::size_t cut = 0; cut <= data.size(); ++cut) {
    const BytesView view = data;
    EXPECT_EQ(crc32c(view.substr(cut), crc32c(view.substr(0, cut))), crc32c(data));
  }
}

TEST(Crc32c, LongDataHasTheChecksumOfItsPieces) {
  // Long enough for several lanes side by side, where pieces of 100 bytes have none.
  Rng rng(17);
  Bytes data;
  for (std::size_t size = 0; size < 20'000; size += 1 + rng.below(700)) {
    while (data.size() < size) data.push_back(static_cast<char>(rng.below(256)));
    std::uint32_t pieces = 0;
    for (std::size_t at = 0; at < size; at += 100) pieces = crc32c(BytesView(data).substr(at, 100), pieces);
    ASSERT_EQ(crc32c(data), pieces) << size;
  }
}

TEST(Crc32c, SeesEverySingleBit) {
  std::string data(40, 'x');
  const auto whole = crc32c(data);
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(crc32c(data), whole);
    data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << (bit % 8)));
  }
}

// --- slots and ids ---

TEST(Slot, TagsDecide) {
  EXPECT_EQ(slot_of("{a}x"), slot_of("a"));
  EXPECT_EQ(slot_of("x{a}y{b}"), slot_of("a"));
  EXPECT_EQ(slot_of("{{a}"), slot_of("{a"));
  EXPECT_NE(slot_of("{}a"), slot_of("{}b"));  // an empty tag does not count
  EXPECT_NE(slot_of("{a"), slot_of("a"));     // nor an open one
  EXPECT_NE(slot_of("}{a"), slot_of("a"));
}

TEST(Slot, EverySlotHasItsVShard) {
  for (std::uint32_t slot = 0; slot < slot_count; ++slot) {
    const VShardId v = vshard_of_slot(static_cast<std::uint16_t>(slot));
    ASSERT_LT(v.value, vshard_count);
    ASSERT_EQ(v.value, slot / 16);
    ASSERT_EQ(vshard_of(group_of(v)), v);
    ASSERT_NE(group_of(v), metadata_group);
  }
}

// --- bytes ---

TEST(Blob, SharesAndSlices) {
  const Blob whole(Bytes("hello world"));
  const Blob part = whole.slice(6, 5);
  EXPECT_EQ(part.view(), "world");
  EXPECT_EQ(part.view().data(), whole.view().data() + 6);
  EXPECT_EQ(part, Blob(Bytes("world")));
  EXPECT_TRUE(Blob().empty());
  EXPECT_EQ(Blob(), Blob(Bytes()));
}

TEST(Blob, ASliceOutlivesItsSource) {
  Blob part;
  {
    const Blob whole(Bytes(1000, 'x'));
    part = whole.slice(10, 3);
  }
  EXPECT_EQ(part.view(), "xxx");
}

// --- errors ---

TEST(Error, EveryCodeHasItsFacts) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Code::unsupported); ++code) {
    const auto each = static_cast<Code>(code);
    const std::string_view text = name(each);
    EXPECT_TRUE(names.insert(text).second) << text;
    for (const char c : text) EXPECT_TRUE((c >= 'a' && c <= 'z') || c == '_') << text;
    (void)retry_advice(each);
    (void)effect(each);
  }
  EXPECT_EQ(names.size(), 26U);
}

TEST(Error, OnlyDoubtfulEndsHaveUnknownEffect) {
  const std::set<Code> unknown{Code::timeout, Code::stale_session, Code::unreachable, Code::disk_failed};
  for (int code = 0; code <= static_cast<int>(Code::unsupported); ++code) {
    const auto each = static_cast<Code>(code);
    EXPECT_EQ(effect(each), unknown.contains(each) ? Effect::unknown : Effect::no) << name(each);
  }
}

TEST(Error, RetryAdviceNeverRisksASecondEffectElsewhere) {
  EXPECT_EQ(retry_advice(Code::not_leader), Retry::elsewhere);
  EXPECT_EQ(retry_advice(Code::busy), Retry::same_place);
  EXPECT_EQ(retry_advice(Code::timeout), Retry::same_place);
  EXPECT_EQ(retry_advice(Code::malformed), Retry::never);
  EXPECT_EQ(retry_advice(Code::stale_session), Retry::never);
}

TEST(ErrorDeathTest, AnUnknownCodeIsOurBug) {
  EXPECT_DEATH((void)name(static_cast<Code>(200)), "a known error code");
}

TEST(CheckDeathTest, SaysWhatAndWhy) {
  EXPECT_DEATH(CHECK(1 > 2), "invariant broken: 1 > 2");
  EXPECT_DEATH(CHECK_MSG(1 > 2, "R9: order"), "1 > 2: R9: order");
}

}  // namespace
}  // namespace nodedb
