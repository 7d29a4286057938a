// SPDX-License-Identifier: Apache-2.0
// Quorums, configs, the log window, config history and durability bookkeeping: pure, bad input included.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/limits.h"
#include "base/rng.h"
#include "raft/config_history.h"
#include "raft/durability.h"
#include "raft/invariants.h"
#include "raft/log.h"
#include "raft/quorum.h"

namespace nodedb::raft {
namespace {

std::vector<NodeId> set(std::vector<std::uint32_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<NodeId> out;
  for (const auto id : ids) out.push_back(NodeId(id));
  return out;
}

Config config(std::vector<std::uint32_t> voters, std::vector<std::uint32_t> outgoing = {},
              std::vector<std::uint32_t> learners = {}, std::vector<std::uint32_t> next = {}) {
  return Config{set(std::move(voters)), set(std::move(outgoing)), set(std::move(learners)),
                set(std::move(next)), false};
}

Entry entry(std::uint64_t index, std::uint64_t term, std::string payload = {}) {
  return Entry{Index(index), Term(term), EntryKind::command, Blob(std::move(payload))};
}

// --- quorum ---

RC_GTEST_PROP(Quorum, MajorityValueIsTheHighestThatAMajorityReached, ()) {
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 15);
  std::map<NodeId, std::int64_t> values;
  std::vector<NodeId> all;
  for (std::uint32_t i = 1; i <= count; ++i) {
    all.push_back(NodeId(i));
    values[NodeId(i)] = *rc::gen::inRange<std::int64_t>(0, 10);
  }
  const auto reached = [&](std::int64_t value) {
    const auto n = std::count_if(all.begin(), all.end(), [&](NodeId id) { return values[id] >= value; });
    return static_cast<std::size_t>(n) > all.size() / 2;
  };
  const auto value = majority_value(all, [&](NodeId id) { return values[id]; });
  RC_ASSERT(reached(value));
  RC_ASSERT(!reached(value + 1));
}

TEST(Quorum, NegativeValuesAreValuesToo) {
  EXPECT_EQ(majority_value(set({1, 2, 3}), [](NodeId id) { return id == NodeId(1) ? 5 : long_ago.ns; }),
            long_ago.ns);
  EXPECT_EQ(majority_value({}, [](NodeId) { return 0; }), std::numeric_limits<std::int64_t>::max());
}

TEST(Quorum, BothHalvesMustAgree) {
  const Config joint = config({3, 4, 5}, {1, 2, 3});
  const auto value = joint_value(joint, [](NodeId id) { return static_cast<std::int64_t>(id.value); });
  EXPECT_EQ(value, 2);
}

// --- config ---

rc::Gen<Change> changes() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange<std::uint32_t>(0, 7)),
                      [](auto pair) {
                        return Change{static_cast<ChangeOp>(pair.first), NodeId(pair.second)};
                      });
}

RC_GTEST_PROP(Config, EveryLegalStepKeepsQuorumsIntersecting, ()) {
  Config now = config({1, 2, 3});
  for (int step = 0; step < 6; ++step) {
    const auto wanted = *rc::gen::container<std::vector<Change>>(changes());
    const auto kind = *rc::gen::inRange(0, 4);
    const auto next = kind == 0   ? change_simple(now, wanted)
                      : kind == 1 ? enter_joint(now, *rc::gen::arbitrary<bool>(), wanted)
                      : kind == 2 ? leave_joint(now)
                                  : leave_joint_back(now);
    if (!next) {
      RC_ASSERT(next.error().code == Code::invalid_state);
      continue;
    }
    RC_ASSERT(well_formed(*next));
    RC_ASSERT(check_step(now, *next).has_value());
    RC_ASSERT(quorums_intersect(now, *next));
    const auto again = decode_config(encode(*next));
    RC_ASSERT(again.has_value() && again.value() == next.value());
    now = *next;
  }
}

TEST(Config, IllegalStepsAreRefused) {
  const Config plain = config({1, 2, 3}, {}, {4});
  const Config joint = config({2, 3, 4}, {1, 2, 3});
  const std::vector<std::pair<Config, Config>> illegal{
      {plain, config({1, 4, 5})},                 // two voters differ
      {plain, config({}, {}, {1, 2, 3})},         // no voter left
      {plain, config({1, 2, 3}, {1, 2})},         // outgoing is not what was in force
      {plain, config({1, 2, 3}, {}, {3})},        // voter and learner at once
      {plain, config({1, 2, 3}, {}, {}, {4})},    // learners_next without a joint config
      {plain, config({0, 1, 2, 3})},              // node 0 is nobody
      {joint, joint},                             // joint twice
      {joint, config({2, 3})},                    // leaves to neither half
      {joint, config({2, 3, 4}, {1, 2, 3}, {9})}  // changes while joint
  };
  for (const auto& [from, to] : illegal) {
    const auto step = check_step(from, to);
    ASSERT_FALSE(step.has_value());
    EXPECT_EQ(step.error().code, Code::invalid_state);
    EXPECT_FALSE(step.error().detail.empty());
  }
  EXPECT_TRUE(check_step(joint, config({2, 3, 4})));
  EXPECT_TRUE(check_step(joint, config({1, 2, 3})));
  Config unsorted = plain;
  std::swap(unsorted.voters[0], unsorted.voters[1]);
  EXPECT_FALSE(check_step(plain, unsorted));
  EXPECT_FALSE(quorums_intersect(config({1, 2, 3}), config({1, 4, 5})));
}

TEST(Config, LeavingBackKeepsTheOutgoingHalf) {
  const Config from = config({1, 2, 3}, {}, {4});
  const auto joint =
      enter_joint(from, true, {Change{ChangeOp::add_voter, NodeId(4)}, Change{ChangeOp::remove, NodeId(1)}});
  ASSERT_TRUE(joint);
  EXPECT_EQ(*joint, (Config{set({2, 3, 4}), set({1, 2, 3}), {}, {}, true}));
  EXPECT_EQ(leave_joint(*joint), config({2, 3, 4}));
  EXPECT_EQ(leave_joint_back(*joint), config({1, 2, 3}));
}

TEST(Config, TooManyMembersAreRefused) {
  Config from = config({1});
  std::vector<Change> many;
  for (std::uint32_t i = 2; i <= limits::config_members_max + 1; ++i) {
    many.push_back(Change{ChangeOp::add_learner, NodeId(i)});
  }
  EXPECT_FALSE(change_simple(from, many));
  many.pop_back();
  EXPECT_TRUE(change_simple(from, many));
}

TEST(Config, EveryCutAndEveryFlippedByteEarnsAnError) {
  const Config whole = config({2, 3, 4}, {1, 2, 3}, {9}, {1});
  const Bytes bytes = encode(whole);
  ASSERT_EQ(decode_config(bytes), whole);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode_config(BytesView(bytes).substr(0, size));
    ASSERT_FALSE(cut.has_value()) << size;
    EXPECT_EQ(cut.error().code, Code::malformed);
  }
  EXPECT_FALSE(decode_config(bytes + '\0'));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x80);
    const auto decoded = decode_config(flipped);
    EXPECT_TRUE(!decoded || well_formed(*decoded)) << at;
  }
  Bytes huge{1, 0, '\xff', 0, 0, 0};
  EXPECT_EQ(decode_config(huge).error().code, Code::too_large);
}

RC_GTEST_PROP(Config, GarbageNeverCrashesTheDecoder, (const std::string& bytes)) {
  const auto decoded = decode_config(bytes);
  if (decoded) RC_ASSERT(well_formed(*decoded));
}

// --- log ---

Log sample() {
  return Log(Position{Index(10), Term(2)},
             {entry(11, 2), entry(12, 2), entry(13, 4, "abc"), entry(14, 4), entry(15, 7)});
}

TEST(Log, KnowsTermsOnlyInsideTheWindow) {
  const Log log = sample();
  EXPECT_EQ(log.term_at(Index(9)), std::nullopt);
  EXPECT_EQ(log.term_at(Index(10)), Term(2));
  EXPECT_EQ(log.term_at(Index(13)), Term(4));
  EXPECT_EQ(log.term_at(Index(15)), Term(7));
  EXPECT_EQ(log.term_at(Index(16)), std::nullopt);
  EXPECT_EQ(log.bytes(), 5 * 32 + 3U);
  EXPECT_EQ(log.bytes_above(Index(13)), 64U);
}

RC_GTEST_PROP(Log, CountsTheBytesOfWhatItHolds, (std::uint64_t seed)) {
  Rng rng(seed);
  Log log(Position{Index(10), Term(1)}, {});
  for (int step = 0; step < 60; ++step) {
    const Index below = log.base().index;
    const Index at = below + rng.below(log.last().index.value - below.value + 1);
    switch (rng.below(8)) {
      case 0:
        log.compact_to(at);
        break;
      case 1:
        log.truncate_from(at + 1);
        break;
      case 2:
        if (rng.below(4) == 0) log.reset(Position{at, Term(1)});
        break;
      default:
        log.append(entry(log.last().index.value + 1, 1, std::string(rng.below(50), 'x')));
    }
    const Index asked = log.base().index + rng.below(log.last().index.value - log.base().index.value + 1);
    std::size_t above = 0;
    std::size_t all = 0;
    for (Index i = log.base().index + 1; i <= log.last().index; ++i) {
      all += log.at(i).bytes();
      if (i > asked) above += log.at(i).bytes();
    }
    RC_ASSERT(log.bytes() == all);
    RC_ASSERT(log.bytes_above(asked) == above);
  }
}

TEST(Log, FindsTheEdgesOfTerms) {
  const Log log = sample();
  EXPECT_EQ(log.first_of_term(Index(14)), Index(13));
  EXPECT_EQ(log.first_of_term(Index(12)), Index(10));
  EXPECT_EQ(log.first_of_term(Index(15)), Index(15));
  EXPECT_EQ(log.last_up_to_term(Index(15), Term(4)), Index(14));
  EXPECT_EQ(log.last_up_to_term(Index(13), Term(4)), Index(13));
  EXPECT_EQ(log.last_up_to_term(Index(15), Term(3)), Index(12));
  EXPECT_EQ(log.last_up_to_term(Index(15), Term(9)), Index(15));
  EXPECT_EQ(log.last_up_to_term(Index(15), Term(1)), std::nullopt);
  EXPECT_EQ(log.last_up_to_term(Index(9), Term(9)), std::nullopt);
}

TEST(Log, SlicesWithinCapsButNeverNothing) {
  const Log log = sample();
  EXPECT_EQ(log.slice(Index(11), 2, 1000).size(), 2U);
  EXPECT_EQ(log.slice(Index(11), 100, 96).size(), 2U);
  EXPECT_EQ(log.slice(Index(13), 100, 1).size(), 1U);
  EXPECT_EQ(log.slice(Index(11), 0, 0).size(), 1U);
  EXPECT_EQ(log.slice(Index(15), 100, 1000).size(), 1U);
}

TEST(Log, TruncatesCompactsAndResets) {
  Log log = sample();
  log.truncate_from(Index(14));
  EXPECT_EQ(log.last(), (Position{Index(13), Term(4)}));
  log.compact_to(Index(12));
  EXPECT_EQ(log.base(), (Position{Index(12), Term(2)}));
  EXPECT_EQ(log.bytes(), 35U);
  log.compact_to(Index(13));
  EXPECT_EQ(log.last(), log.base());
  EXPECT_EQ(log.bytes(), 0U);
  log.reset(Position{Index(40), Term(9)});
  EXPECT_EQ(log.last(), (Position{Index(40), Term(9)}));
}

TEST(LogDeathTest, GapsAreOurBug) {
  Log log = sample();
  EXPECT_DEATH(log.append(entry(17, 7)), "gapless");
  EXPECT_DEATH(log.truncate_from(Index(10)), "invariant");
}

// --- config history ---

TEST(ConfigHistory, AnswersForEveryIndex) {
  ConfigHistory history(Index(5), config({1}));
  history.append(Index(8), config({1, 2}));
  history.append(Index(9), config({1, 2, 3}));
  EXPECT_EQ(history.at(Index(5)), config({1}));
  EXPECT_EQ(history.at(Index(7)), config({1}));
  EXPECT_EQ(history.at(Index(8)), config({1, 2}));
  EXPECT_EQ(history.at(Index(100)), config({1, 2, 3}));
  EXPECT_TRUE(history.truncate_from(Index(9)));
  EXPECT_FALSE(history.truncate_from(Index(9)));
  EXPECT_EQ(history.latest(), config({1, 2}));
  history.compact_to(Index(8));
  EXPECT_EQ(history.at(Index(8)), config({1, 2}));
  EXPECT_TRUE(history.truncate_from(Index(1)) == false);  // the base's config stays whatever happens
  history.rebase(Index(20), config({4}));
  EXPECT_EQ(history.latest(), config({4}));
}

// --- durability ---

TEST(Durability, CountsOnlyWhatWasTakenAndFinished) {
  const HardState hard{Term(1), NodeId(), Index(1)};
  Log log(Position{Index(1), Term(1)}, {});
  Durability disk(hard, Index(1));
  EXPECT_FALSE(disk.pending(hard, log));
  log.append(entry(2, 1));
  log.append(entry(3, 1));
  auto first = disk.take(hard, log, false);
  EXPECT_EQ(first.append.size(), 2U);
  EXPECT_FALSE(first.hard);
  const Position first_end = log.last();
  log.append(entry(4, 1));
  auto second = disk.take(hard, log, false);
  EXPECT_EQ(second.append.size(), 1U);
  EXPECT_EQ(disk.upto(), Index(1));
  disk.persisted(first_end);
  EXPECT_EQ(disk.upto(), Index(3));
  disk.persisted(log.last());
  EXPECT_EQ(disk.upto(), Index(4));
  EXPECT_TRUE(disk.idle());
  disk.persisted(log.last());  // nothing is left to confirm
}

TEST(Durability, ATruncationUncountsBatchesOnTheirWay) {
  const HardState hard{Term(1), NodeId(), Index(1)};
  Log log(Position{Index(1), Term(1)}, {entry(2, 1)});
  Durability disk(hard, Index(2));
  log.append(entry(3, 1));
  (void)disk.take(hard, log, false);
  const Position old_end = log.last();
  log.truncate_from(Index(2));
  disk.truncated(Index(2));
  EXPECT_EQ(disk.upto(), Index(1));
  log.append(entry(2, 3));
  log.append(entry(3, 1));  // the same position comes back under another batch
  const auto batch = disk.take(HardState{Term(3), NodeId(), Index(1)}, log, false);
  EXPECT_EQ(batch.truncate_from, Index(2));
  EXPECT_TRUE(batch.hard.has_value());
  disk.persisted(old_end);
  EXPECT_EQ(disk.upto(), Index(1));
  disk.persisted(log.last());
  EXPECT_EQ(disk.upto(), Index(3));
  EXPECT_EQ(disk.hard().term, Term(3));
}

TEST(Durability, TheHardStateTravelsWhenItMustOrMay) {
  const HardState hard{Term(1), NodeId(), Index(1)};
  Log log(Position{Index(1), Term(1)}, {entry(2, 1)});
  Durability disk(hard, Index(2));
  const HardState committed{Term(1), NodeId(), Index(2)};
  EXPECT_FALSE(disk.pending(committed, log));  // a commit index alone is not worth a write
  log.append(entry(3, 1));
  EXPECT_EQ(disk.take(committed, log, false).hard, committed);
  const HardState voted{Term(1), NodeId(2), Index(2)};
  EXPECT_TRUE(disk.pending(voted, log));
  EXPECT_EQ(disk.take(voted, log, false).hard, voted);
}

}  // namespace
}  // namespace nodedb::raft
