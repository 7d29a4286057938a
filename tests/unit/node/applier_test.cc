// SPDX-License-Identifier: Apache-2.0
#include "node/applier.h"

#include <gtest/gtest.h>

#include "memory_store.h"
#include "node/namespaces.h"
#include "wire/command_codec.h"

namespace nodedb::node::test {
namespace {

constexpr GroupId group(4);

/// Appends the command to the row "log" and answers with its new length; "poison" is not understood.
class Appender : public StateMachine {
 public:
  Result<ApplyOutput> apply(const View& view, const ApplyInput& input) const override {
    if (input.command == "poison") return fail(Code::incompatible, "a command of a later version");
    Bytes log = view.get("log").value_or("");
    log += input.command;
    return ApplyOutput{{Put{"log", log}, Put{"hlc", std::to_string(input.hlc.wall_ns)}},
                       std::to_string(log.size())};
  }
  Bytes read(const View& view, const ReadInput& input) const override {
    return view.get(input.query).value_or("none");
  }
};

class ApplierTest : public ::testing::Test {
 protected:
  raft::Entry command(std::uint64_t index, BytesView text, wire::SessionStamp stamp = {},
                      std::int64_t wall = 0) {
    return {Index(index), Term(1), raft::EntryKind::command, wire::encode_command({{wall, 0}, stamp, text})};
  }
  static wire::SessionStamp stamp(std::uint64_t sequence) { return {NodeId(1), Incarnation(1), sequence, 1}; }

  GroupApplied apply(std::vector<raft::Entry> entries) {
    auto done = applier_.run(ApplyTask{{{group, std::move(entries), true}}});
    return std::get<Applied>(done->done).groups.at(0);
  }
  Bytes row(BytesView key) { return MachineView(*store_.view(group)).get(key).value_or("none"); }

  MemoryStore store_;
  Appender machine_;
  Applier applier_{store_, machine_, machine_};
};

TEST_F(ApplierTest, EntriesOfOneTaskSeeEachOther) {
  const auto done =
      apply({command(2, "a"), command(3, "bb"), {Index(4), Term(1), raft::EntryKind::noop, {}}});
  EXPECT_EQ(done.applied, (raft::Position{Index(4), Term(1)}));
  EXPECT_EQ(store_.applied_[group], done.applied);
  ASSERT_EQ(done.replies.size(), 2u);
  EXPECT_EQ(*done.replies[0].reply, Blob("1"));
  EXPECT_EQ(*done.replies[1].reply, Blob("3"));
  EXPECT_EQ(row("log"), "abb");
}

TEST_F(ApplierTest, AFlushTellsWhoLiesBehind) {
  store_.behind_ = {{group, Index(7)}};
  const auto flushed = applier_.run(FlushTask{3});
  ASSERT_TRUE(flushed && flushed->flush);
  EXPECT_EQ(std::get<Flushed>(flushed->done).token, 3u);
  EXPECT_EQ(std::get<Flushed>(flushed->done).behind, store_.behind_);
}

TEST_F(ApplierTest, ARetriedWriteIsAppliedOnceAndAnsweredAgain) {
  apply({command(2, "a", stamp(1))});
  const auto again = apply({command(3, "a", stamp(1))});
  EXPECT_EQ(*again.replies.at(0).reply, Blob("1"));
  EXPECT_EQ(row("log"), "a");
}

TEST_F(ApplierTest, SessionsOutliveTheProcess) {
  apply({command(2, "a", stamp(1))});
  Applier reborn(store_, machine_, machine_);
  auto done = reborn.run(ApplyTask{{{group, {command(3, "a", stamp(1)), command(4, "b", stamp(2))}, true}}});
  ASSERT_TRUE(done);
  EXPECT_EQ(row("log"), "ab");
}

TEST_F(ApplierTest, OutOfOrderWritesHaveNoEffect) {
  const auto done = apply({command(2, "b", stamp(2)), command(3, "a", stamp(1)), command(4, "b", stamp(2))});
  EXPECT_EQ(done.replies.at(0).reply.error().code, Code::out_of_order);
  EXPECT_EQ(row("log"), "ab");
}

TEST_F(ApplierTest, ThePlantedBugAppliesTwice) {
  Applier buggy(store_, machine_, machine_, {.duplicate_apply = true});
  buggy.run(ApplyTask{{{group, {command(2, "a", stamp(1)), command(3, "a", stamp(1))}, true}}}).value();
  EXPECT_EQ(row("log"), "aa");
}

TEST_F(ApplierTest, TimeRisesEvenIfALeadersClockIsBehind) {
  apply({command(2, "a", {}, 1000), command(3, "b", {}, 10)});
  EXPECT_EQ(row("hlc"), "1000");
}

TEST_F(ApplierTest, AnEntryThatIsNotUnderstoodStopsTheGroupBeforeIt) {
  const auto done = apply({command(2, "a"), command(3, "poison"), command(4, "c")});
  ASSERT_TRUE(done.halted);
  EXPECT_EQ(done.halted->code, Code::incompatible);
  EXPECT_EQ(done.applied.index, Index(2));
  EXPECT_EQ(row("log"), "a");
  auto later = applier_.run(ApplyTask{{{group, {command(5, "d")}, true}}});
  EXPECT_TRUE(std::get<Applied>(later->done).groups.empty());
  EXPECT_EQ(row("log"), "a");
}

TEST_F(ApplierTest, AFullDiskChangesNothingAndTheTaskCanBeGivenAgain) {
  store_.full_ = true;
  const ApplyTask task{{{group, {command(2, "a", stamp(1))}, true}}};
  auto refused = applier_.run(task);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::disk_full);
  store_.full_ = false;
  ASSERT_TRUE(applier_.run(task));
  EXPECT_EQ(row("log"), "a");
}

TEST_F(ApplierTest, MalformedPayloadsHalt) {
  const auto done = apply({{Index(2), Term(1), raft::EntryKind::command, Blob("\xff\xff garbage")}});
  EXPECT_TRUE(done.halted);
}

TEST_F(ApplierTest, ReadsSeeTheMachinesRowsOnly) {
  apply({command(2, "a", stamp(1))});
  auto read = applier_.run(ReadTask{7, group, Index(2), {}, Blob("log")});
  EXPECT_EQ(*std::get<ReadDone>(read->done).reply, Blob("a"));
  auto hidden = applier_.run(ReadTask{8, group, Index(2), {}, Blob(session_key(NodeId(1)))});
  EXPECT_EQ(*std::get<ReadDone>(hidden->done).reply, Blob("none"));
}

}  // namespace
}  // namespace nodedb::node::test
