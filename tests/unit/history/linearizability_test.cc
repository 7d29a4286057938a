// SPDX-License-Identifier: Apache-2.0
#include "history/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "history/model.h"
#include "history/smallest_part.h"

namespace nodedb::history {
namespace {

using Kind = Judgement::Kind;

Operation op(Op kind, std::int64_t call, std::int64_t back, std::string value = {}) {
  Operation o;
  o.op = kind;
  o.key = "k";
  o.value = std::move(value);
  o.status = Status::ok;
  o.call_ns = call;
  o.return_ns = back;
  return o;
}
Operation put(std::string value, std::int64_t call, std::int64_t back) {
  return op(Op::put, call, back, std::move(value));
}
Operation get(std::optional<std::string> seen, std::int64_t call, std::int64_t back) {
  Operation o = op(Op::get, call, back);
  o.read = std::move(seen);
  return o;
}
Operation counted(Op kind, std::int64_t number, std::int64_t call, std::int64_t back,
                  std::string value = {}) {
  Operation o = op(kind, call, back, std::move(value));
  o.number = number;
  return o;
}
Operation cas(std::string expect, std::string value, bool swapped, std::int64_t call, std::int64_t back) {
  Operation o = op(Op::cas, call, back, std::move(value));
  o.expect = std::move(expect);
  o.swapped = swapped;
  return o;
}
Operation open(Operation o) {
  o.status = Status::info;
  return o;
}
Kind verdict(const History& history) {
  return check_linearizable(history).kind;
}

TEST(Linearizability, AcceptsWhatOneThreadDoes) {
  EXPECT_EQ(verdict({}), Kind::linearizable);
  EXPECT_EQ(verdict({get(std::nullopt, 0, 1), put("a", 2, 3), get("a", 4, 5), cas("a", "b", true, 6, 7),
                     cas("a", "c", false, 8, 9), get("b", 10, 11), counted(Op::del, 1, 12, 13),
                     counted(Op::del, 0, 14, 15), get(std::nullopt, 16, 17)}),
            Kind::linearizable);
  EXPECT_EQ(verdict({counted(Op::incr, 1, 0, 1), counted(Op::incr, 2, 2, 3), get("2", 4, 5)}),
            Kind::linearizable);
  EXPECT_EQ(
      verdict({counted(Op::append, 2, 0, 1, "ab"), counted(Op::append, 3, 2, 3, "c"), get("abc", 4, 5)}),
      Kind::linearizable);
}

TEST(Linearizability, RejectsAStaleRead) {
  EXPECT_EQ(verdict({put("a", 0, 1), put("b", 2, 3), get("a", 4, 5)}), Kind::violated);
  EXPECT_EQ(verdict({put("a", 0, 1), get(std::nullopt, 2, 3)}), Kind::violated);
}

TEST(Linearizability, RejectsAReadThatGoesBack) {
  // The write is open all the while, but once it was seen it may not be unseen.
  EXPECT_EQ(verdict({put("a", 0, 1), put("b", 2, 20), get("b", 3, 4), get("a", 5, 6)}), Kind::violated);
  EXPECT_EQ(verdict({put("a", 0, 1), put("b", 2, 20), get("a", 3, 4), get("b", 5, 6)}), Kind::linearizable);
}

TEST(Linearizability, RejectsAValueFromNowhere) {
  EXPECT_EQ(verdict({put("a", 0, 1), get("z", 2, 3)}), Kind::violated);
  EXPECT_EQ(verdict({get("a", 0, 1), put("a", 2, 3)}), Kind::violated);
}

TEST(Linearizability, RejectsALostAndADoubledWrite) {
  EXPECT_EQ(verdict({counted(Op::incr, 1, 0, 1), counted(Op::incr, 1, 2, 3)}), Kind::violated);
  EXPECT_EQ(verdict({counted(Op::incr, 1, 0, 1), get("2", 2, 3)}), Kind::violated);
  EXPECT_EQ(verdict({counted(Op::append, 1, 0, 1, "a"), get("aa", 2, 3)}), Kind::violated);
}

TEST(Linearizability, TouchingInstantsOverlap) {
  EXPECT_EQ(verdict({put("a", 0, 5), get(std::nullopt, 5, 6)}), Kind::linearizable);
  EXPECT_EQ(verdict({put("a", 0, 4), get(std::nullopt, 5, 6)}), Kind::violated);
}

TEST(Linearizability, AnOpenWriteMayHappenLateOrNever) {
  EXPECT_EQ(verdict({put("a", 0, 1), open(put("b", 2, 0)), get("a", 4, 5)}), Kind::linearizable);
  EXPECT_EQ(verdict({put("a", 0, 1), open(put("b", 2, 0)), get("a", 4, 5), get("b", 600, 601)}),
            Kind::linearizable);
  EXPECT_EQ(verdict({put("a", 0, 1), open(put("b", 2, 0)), get("b", 4, 5), get("a", 6, 7)}), Kind::violated);
  // Not before its call.
  EXPECT_EQ(verdict({get("b", 0, 1), open(put("b", 2, 0))}), Kind::violated);
}

TEST(Linearizability, AnOpenWriteMayMatterWithoutBeingRead) {
  EXPECT_EQ(
      verdict({put("a", 0, 1), open(put("b", 2, 0)), cas("a", "c", false, 4, 5), counted(Op::del, 1, 6, 7)}),
      Kind::linearizable);
  EXPECT_EQ(verdict({open(put("b", 0, 0)), counted(Op::del, 1, 6, 7), counted(Op::del, 1, 8, 9)}),
            Kind::violated);
}

TEST(Linearizability, AFailedWriteNeverHappens) {
  Operation failed = put("b", 2, 3);
  failed.status = Status::fail;
  EXPECT_EQ(verdict({put("a", 0, 1), failed, get("a", 4, 5)}), Kind::linearizable);
  EXPECT_EQ(verdict({put("a", 0, 1), failed, get("b", 4, 5)}), Kind::violated);
}

TEST(Linearizability, KeysAreIndependentAndTheBadOneIsNamed) {
  Operation other = get("x", 4, 5);
  other.key = "bad";
  const Judgement j = check_linearizable(History{put("a", 0, 1), get("a", 2, 3), other});
  EXPECT_EQ(j.kind, Kind::violated);
  EXPECT_EQ(j.key, "bad");
}

TEST(Linearizability, TheWitnessEndsWithTheImpossibleAnswer) {
  const Judgement j = check_linearizable(
      History{put("a", 0, 1), put("b", 2, 3), get("a", 4, 5), put("c", 6, 7), get("c", 8, 9)});
  ASSERT_EQ(j.witness.size(), 3u);
  EXPECT_EQ(j.witness.back().read, "a");
}

TEST(Linearizability, ManyOpenIncrementsStayCheap) {
  History history;
  for (int i = 0; i < 40; ++i) history.push_back(open(counted(Op::incr, 0, i, 0)));
  history.push_back(get("17", 100, 101));
  history.push_back(get("40", 102, 103));
  EXPECT_EQ(verdict(history), Kind::linearizable);
  history.push_back(get("39", 104, 105));
  const Judgement j = check_linearizable(history);
  EXPECT_EQ(j.kind, Kind::violated);
  EXPECT_LT(j.states, 10'000u);
}

TEST(Linearizability, GivesUpHonestly) {
  History history;
  for (int i = 0; i < 30; ++i)
    history.push_back(open(counted(Op::append, 0, 0, 0, std::string(1, char('a' + i % 26)) + "!")));
  history.push_back(get("nothing like it", 100, 101));
  EXPECT_NE(check_linearizable(history, {.states_max = 100}).kind, Kind::linearizable);
}

/// Runs clients against one true object with a random instant of effect inside each call.
History true_history(Rng& rng, int clients, int each) {
  struct Running {
    Operation o;
    std::int64_t effect = 0;
  };
  std::vector<Running> all;
  for (int c = 0; c < clients; ++c) {
    std::int64_t now = rng.between(0, 20);
    for (int i = 0; i < each; ++i) {
      Running r;
      r.o = op(static_cast<Op>(rng.below(3) == 0   ? 0
                               : rng.below(2) == 0 ? 1
                                                   : 2),
               now, 0, std::to_string(c) + "." + std::to_string(i));
      r.effect = now + rng.between(1, 30);
      r.o.return_ns = r.effect + rng.between(1, 30);
      r.o.client = static_cast<std::uint64_t>(c);
      now = r.o.return_ns + rng.between(1, 5);
      all.push_back(r);
    }
  }
  std::ranges::stable_sort(all, {}, &Running::effect);
  Value value;
  History history;
  for (Running& r : all) {
    if (r.o.op == Op::cas) r.o.expect = rng.chance(0.5) && value ? *value : "no such value";
    r.o.read = value;
    r.o.swapped = r.o.op == Op::cas && value == r.o.expect;
    const bool lost = rng.chance(0.1);
    const bool happens = !lost || rng.chance(0.5);
    if (lost) r.o.status = Status::info;
    if (happens) value = after(value, r.o).value();
    history.push_back(r.o);
  }
  return history;
}

TEST(Linearizability, AcceptsEveryTrueHistoryAndMostlyRejectsDamagedOnes) {
  Rng rng(7);
  int rejected = 0;
  for (int round = 0; round < 200; ++round) {
    History history = true_history(rng, 5, 20);
    ASSERT_EQ(verdict(history), Kind::linearizable) << "round " << round;
    // A read of a value that was certainly overwritten long ago.
    Operation stale = get(std::nullopt, 1'000'000, 1'000'001);
    history.push_back(put("last", 900'000, 900'001));
    history.push_back(stale);
    rejected += verdict(history) == Kind::violated;
  }
  EXPECT_EQ(rejected, 200);
}

TEST(History, JsonHasTheAgreedFields) {
  Operation o = cas("old", "n\"ew\n", true, 5, 9);
  o.client = 3;
  EXPECT_EQ(
      to_json(o),
      R"({"client":3,"op":"cas","key":"k","value":"n\"ew\u000a","expect":"old","out":true,"status":"ok","call_ns":5,"return_ns":9})");
  EXPECT_EQ(
      to_json(get(std::nullopt, 1, 2)),
      R"({"client":0,"op":"get","key":"k","value":null,"expect":null,"out":null,"status":"ok","call_ns":1,"return_ns":2})");
  EXPECT_EQ(
      to_json(open(put("v", 1, 0))),
      R"({"client":0,"op":"put","key":"k","value":"v","expect":null,"out":null,"status":"info","call_ns":1})");
}

TEST(Linearizability, OnlyTheReadsThatAViolationNeedsAreShown) {
  History history{put("a", 0, 1), put("b", 100, 101)};
  for (int i = 0; i < 40; ++i) history.push_back(get("a", 2 + 2 * i, 3 + 2 * i));
  history.push_back(get("b", 102, 103));
  history.push_back(get("a", 104, 105));
  const Judgement judgement = check_linearizable(history);
  ASSERT_EQ(judgement.kind, Kind::violated);
  const History part = smallest_part(judgement.witness);
  ASSERT_EQ(part.size(), 3u);
  EXPECT_EQ(verdict(part), Kind::violated);
  EXPECT_EQ(part[0].value, "a");
  EXPECT_EQ(part[1].value, "b");
  EXPECT_EQ(part[2].read, "a");
  EXPECT_EQ(part[2].call_ns, 104);
}

}  // namespace
}  // namespace nodedb::history
