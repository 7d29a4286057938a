// SPDX-License-Identifier: Apache-2.0
// The disk and apply loops against stores that this test controls: what is released, when, and in what order.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "edge/loop/answers.h"
#include "edge/loop/client_door.h"
#include "edge/loop/core_inbox.h"
#include "edge/loop/disk_loop.h"
#include "edge/loop/peer_door.h"

namespace nodedb::edge {
namespace {

/// A log store that waits for permission before each write and answers what it is told.
class GatedStore : public node::LogStore {
 public:
  Result<void> write(std::span<const node::LogBatch> batches) override {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return permits_ > 0; });
    --permits_;
    --waiting_;
    if (failure_) return std::unexpected(*failure_);
    writes_.push_back(batches.size());
    return {};
  }
  Result<node::StoredLog> load() override { return node::StoredLog{}; }

  void permit(std::size_t writes, std::optional<Error> failure = {}) {
    const std::lock_guard lock(mutex_);
    permits_ += writes;
    failure_ = std::move(failure);
    changed_.notify_all();
  }
  /// No more waiting; answers stay as they were told.
  void open_gate() {
    const std::lock_guard lock(mutex_);
    permits_ += 1'000;
    changed_.notify_all();
  }
  void await_write() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  std::vector<std::size_t> writes() {
    const std::lock_guard lock(mutex_);
    return writes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t permits_ = 0;
  std::size_t waiting_ = 0;
  std::optional<Error> failure_;
  std::vector<std::size_t> writes_;
};

/// What waits; until then, waits for something to come.
std::vector<node::Event> take(CoreInbox& inbox, Time until = long_ago) {
  inbox.end_step(until, false, false);
  const auto events = inbox.await();
  inbox.end_step(until, false, false);
  return events.value_or(std::vector<node::Event>());
}

class DiskLoopTest : public ::testing::Test {
 protected:
  DiskLoopTest()
      : loop_(store_, core_, net_, [this](const Error& error) { failure_ = error; }),
        thread_([this] { loop_.run(); }) {}
  ~DiskLoopTest() override { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    loop_.close(true);
    store_.open_gate();
    thread_.join();
  }

  void give(DiskItem item) { ASSERT_TRUE(loop_.give(std::move(item), true)); }
  static DiskItem item(std::uint64_t id, std::uint64_t message) {
    DiskItem made;
    made.log.emplace().id = id;
    wire::Hello hello;
    hello.incarnation = Incarnation(message);
    made.after.push_back({Uuid{}, hello});
    return made;
  }
  std::vector<std::uint64_t> sent(Time deadline) {
    std::vector<std::uint64_t> numbers;
    for (const ToNet& out : net_.take_all(deadline))
      for (const wire::Outbound& message : out.messages)
        numbers.push_back(std::get<wire::Hello>(message.message).incarnation.value);
    return numbers;
  }

  GatedStore store_;
  CoreInbox core_;
  NetInbox net_{net_inbox_max};
  std::optional<Error> failure_;
  DiskLoop loop_;
  std::thread thread_;
};

TEST_F(DiskLoopTest, NothingLeavesBeforeItsBatchIsDurable) {
  give(item(1, 10));
  store_.await_write();
  EXPECT_TRUE(sent(long_ago).empty());
  EXPECT_TRUE(take(core_).empty());
  EXPECT_FALSE(loop_.idle());
  store_.permit(1);
  EXPECT_EQ(sent(never), std::vector<std::uint64_t>{10});
  const auto events = take(core_, never);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(std::get<node::LogDurable>(events[0]).id, 1u);
  EXPECT_TRUE(loop_.idle());
}

TEST_F(DiskLoopTest, WhatQueuesMeanwhileSharesOneWrite) {
  give(item(1, 10));
  store_.await_write();
  give(item(2, 20));
  DiskItem promise_only;
  promise_only.after = item(0, 21).after;
  give(std::move(promise_only));
  give(item(3, 30));
  store_.permit(2);
  std::vector<std::uint64_t> all = sent(never);
  while (all.size() < 4)
    for (const std::uint64_t number : sent(never)) all.push_back(number);
  EXPECT_EQ(all, (std::vector<std::uint64_t>{10, 20, 21, 30}));
  EXPECT_EQ(store_.writes(), (std::vector<std::size_t>{1, 2}));
}

TEST_F(DiskLoopTest, AFullDiskKeepsTheBatchesAndRecovers) {
  give(item(1, 10));
  store_.await_write();
  store_.permit(1, Error{Code::disk_full, "no room"});
  const auto full = take(core_, never);
  ASSERT_EQ(full.size(), 1u);
  EXPECT_TRUE(std::get<node::DiskRoom>(full[0]).full);
  EXPECT_TRUE(sent(long_ago).empty());
  store_.await_write();
  store_.permit(1);
  EXPECT_EQ(sent(never), std::vector<std::uint64_t>{10});
  std::vector<node::Event> events = take(core_, never);
  while (events.size() < 2)
    for (node::Event& event : take(core_, never)) events.push_back(std::move(event));
  EXPECT_FALSE(std::get<node::DiskRoom>(events[0]).full);
  EXPECT_EQ(std::get<node::LogDurable>(events[1]).id, 1u);
}

TEST_F(DiskLoopTest, AFailedDiskAcknowledgesNothing) {
  give(item(1, 10));
  store_.await_write();
  store_.permit(1, Error{Code::disk_failed, "fsync"});
  stop();
  ASSERT_TRUE(failure_);
  EXPECT_EQ(failure_->code, Code::disk_failed);
  EXPECT_TRUE(sent(long_ago).empty());
  EXPECT_TRUE(take(core_).empty());
}

TEST(CoreInbox, RefusesTheOutsideBeforeTheInside) {
  CoreInbox inbox;
  for (std::size_t i = 0; i < CoreInbox::outside_max; ++i) ASSERT_TRUE(inbox.offer(node::Wake{}));
  EXPECT_FALSE(inbox.offer(node::Wake{}));
  inbox.report(node::LogDurable{1});
  EXPECT_EQ(take(inbox).size(), CoreInbox::outside_max + 1);
  EXPECT_TRUE(inbox.offer(node::Wake{}));
  inbox.close();
  EXPECT_FALSE(inbox.offer(node::Wake{}));
  EXPECT_EQ(take(inbox, never).size(), 1u);
  EXPECT_FALSE(inbox.await());
}

node::Event request_of(std::size_t bytes) {
  return node::ClientRequest{1, VShardId(1), true, Blob(Bytes(bytes, 'x'))};
}

TEST(CoreInbox, IsBoundedInBytesAndOneAlonePasses) {
  CoreInbox inbox(10'000);
  EXPECT_TRUE(inbox.offer(request_of(50'000)));
  EXPECT_FALSE(inbox.offer(request_of(1)));
  EXPECT_GT(inbox.bytes(), 50'000u);
  take(inbox);
  EXPECT_EQ(inbox.bytes(), 0u);
  EXPECT_TRUE(inbox.offer(request_of(1)));
}

TEST(CoreInbox, ClientsMayFillHalfOfItAndPeersTheRest) {
  CoreInbox inbox(100'000);
  std::size_t taken = 0;
  while (inbox.offer(request_of(10'000))) ++taken;
  EXPECT_EQ(taken, 5u);
  wire::SnapshotChunk chunk;
  chunk.rows = Blob(Bytes(30'000, 'x'));
  EXPECT_TRUE(inbox.offer(node::FromPeer{Uuid{}, chunk}));
  EXPECT_FALSE(inbox.offer(node::FromPeer{Uuid{}, chunk}));
  raft::Append append;
  append.entries.push_back({Index(1), Term(1), raft::EntryKind::command, Blob(Bytes(30'000, 'x'))});
  wire::RaftBundle bundle;
  bundle.messages.push_back({GroupId(1), append});
  EXPECT_GT(CoreInbox::bytes_of(node::FromPeer{Uuid{}, bundle}), 30'000u);
  wire::ForwardBundle forwards;
  forwards.requests.emplace_back().command = Blob(Bytes(20'000, 'x'));
  forwards.replies.emplace_back().result = Blob(Bytes(20'000, 'x'));
  EXPECT_GT(CoreInbox::bytes_of(node::FromPeer{Uuid{}, forwards}), 40'000u);
}

TEST(CoreInbox, OneStepsAtATimeAndTakesWhatComesMeanwhile) {
  CoreInbox inbox;
  EXPECT_TRUE(inbox.claim().empty()) << "nothing waits";
  inbox.report(node::LogDurable{1});
  EXPECT_EQ(inbox.claim().size(), 1u);
  inbox.report(node::LogDurable{2});
  EXPECT_TRUE(inbox.claim().empty()) << "somebody steps";
  EXPECT_EQ(inbox.end_step(never, false, true).size(), 1u);
  EXPECT_TRUE(inbox.end_step(never, false, true).empty());
  inbox.report(node::LogDurable{3});
  EXPECT_EQ(inbox.claim().size(), 1u);
}

TEST(CoreInbox, MuchAndCrowdedIsTheCoreThreads) {
  CoreInbox inbox;
  for (std::size_t i = 0; i <= CoreInbox::little; ++i) inbox.report(node::LogDurable{i});
  EXPECT_TRUE(inbox.claim().empty());
  EXPECT_EQ(take(inbox, never).size(), CoreInbox::little + 1);
  inbox.report(node::LogDurable{0});
  EXPECT_EQ(inbox.claim().size(), 1u);
  EXPECT_TRUE(inbox.end_step(never, true, false).empty());
  inbox.report(node::LogDurable{1});
  EXPECT_TRUE(inbox.claim().empty());
  EXPECT_EQ(inbox.await()->size(), 1u);
  EXPECT_TRUE(inbox.end_step(never, false, false).empty());
  inbox.report(node::LogDurable{2});
  EXPECT_EQ(inbox.claim().size(), 1u);
}

TEST(CoreInbox, TellsTheNetThreadOnceToStepForAllThatItOffers) {
  CoreInbox inbox;
  int told = 0;
  std::size_t stepped = 0;
  inbox.set_offered([&] { ++told; });
  inbox.set_stepper([&] {
    stepped += inbox.claim().size();
    inbox.end_step(never, false, false);
  });
  EXPECT_TRUE(inbox.offer(node::Wake{}));
  EXPECT_TRUE(inbox.offer(node::Wake{}));
  EXPECT_EQ(told, 1);
  inbox.step_offered();
  EXPECT_EQ(stepped, 2u);
  EXPECT_TRUE(inbox.offer(node::Wake{}));
  EXPECT_EQ(told, 2);
}

TEST(CoreInbox, TheCoreThreadHeedsAnEarlierTimeThatAnotherThreadsStepNamed) {
  CoreInbox inbox;
  take(inbox);
  inbox.end_step(never, false, false);
  std::optional<std::vector<node::Event>> events;
  std::thread core_thread([&] { events = inbox.await(); });
  inbox.report(node::LogDurable{1}, true);
  // It may have been awake and taken it; then it needs no waking.
  if (!inbox.claim().empty()) inbox.end_step(edge::monotonic_time() + ns_per_ms, false, true);
  core_thread.join();
  EXPECT_TRUE(events);
}

TEST(CoreInbox, NothingIsLostOrSteppedTwiceByManyThreads) {
  CoreInbox inbox;
  std::atomic<int> steppers = 0;
  std::uint64_t sum = 0;  // of whoever steps
  const auto step = [&](const std::vector<node::Event>& events) {
    EXPECT_EQ(steppers.fetch_add(1), 0);
    for (const node::Event& event : events)
      if (const auto* durable = std::get_if<node::LogDurable>(&event)) sum += durable->id;
    steppers.fetch_sub(1);
  };
  inbox.set_stepper([&] {
    for (auto events = inbox.claim(); !events.empty(); events = inbox.end_step(never, sum % 7 == 0, true))
      step(events);
  });
  std::thread core_thread([&] {
    while (const auto events = inbox.await()) {
      step(*events);
      inbox.end_step(never, false, false);
    }
  });
  constexpr std::uint64_t each = 20'000;
  std::vector<std::thread> givers;
  for (int giver = 0; giver < 3; ++giver) {
    givers.emplace_back([&, giver] {
      for (std::uint64_t id = 1; id <= each; ++id) {
        if (id % 3 == static_cast<std::uint64_t>(giver)) {
          inbox.report(node::LogDurable{id});
        } else {
          inbox.report(node::LogDurable{id}, true);
          inbox.step_here();
        }
      }
    });
  }
  for (std::thread& giver : givers) giver.join();
  inbox.close();
  core_thread.join();
  EXPECT_EQ(sum, 3 * (each * (each + 1) / 2));
}

TEST(CoreInbox, TakesFewOfClientsAtATime) {
  CoreInbox inbox;
  for (std::size_t i = 0; i < CoreInbox::clients_max; ++i) ASSERT_TRUE(inbox.offer(request_of(1)));
  EXPECT_FALSE(inbox.offer(request_of(1)));
  EXPECT_TRUE(inbox.offer(node::FromPeer{Uuid{}, wire::SnapshotCredit{}}));
}

node::ClientRequest arrived(std::uint64_t tag, std::int64_t ms, std::size_t bytes = 1) {
  return {tag, VShardId(1), true, Blob(Bytes(bytes, 'x')), ns_per_s, Time{ms * ns_per_ms}};
}

TEST(ClientDoor, KeepsTheOrderAndRefusesWhoHasWaitedTooLong) {
  CoreInbox inbox;
  ClientDoor door(inbox, 1 << 20, 100 * ns_per_ms);
  const std::size_t more = 3;
  for (std::uint64_t tag = 0; tag < CoreInbox::clients_max + more; ++tag)
    ASSERT_TRUE(door.take(arrived(tag, static_cast<std::int64_t>(tag) / 512)));
  EXPECT_FALSE(door.empty());
  EXPECT_GT(door.bytes(), 0u);
  EXPECT_TRUE(door.retry(Time{50 * ns_per_ms}).empty());
  EXPECT_EQ(take(inbox).size(), CoreInbox::clients_max);
  ASSERT_TRUE(door.take(arrived(9'999, 50)));
  EXPECT_TRUE(take(inbox).empty()) << "nobody overtakes";
  EXPECT_EQ(door.retry(Time{110 * ns_per_ms}), (std::vector<std::uint64_t>{1'024, 1'025, 1'026}));
  const auto events = take(inbox);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(std::get<node::ClientRequest>(events[0]).tag, 9'999u);
  EXPECT_TRUE(door.empty());
  EXPECT_EQ(door.bytes(), 0u);
}

TEST(ClientDoor, VShardsTakeTurns) {
  CoreInbox inbox;
  ClientDoor door(inbox, 1 << 20, 0);
  for (std::uint64_t tag = 0; tag < CoreInbox::clients_max + 100; ++tag)
    ASSERT_TRUE(door.take(arrived(tag, 0)));
  for (std::uint64_t tag = 5'000; tag < 5'002; ++tag) {
    node::ClientRequest other = arrived(tag, 0);
    other.vshard = VShardId(2);
    ASSERT_TRUE(door.take(std::move(other)));
  }
  take(inbox);
  door.retry(Time{0});
  const auto events = take(inbox);
  ASSERT_EQ(events.size(), 102u);
  std::vector<std::uint64_t> tags;
  for (std::size_t i = 0; i < 6; ++i) tags.push_back(std::get<node::ClientRequest>(events[i]).tag);
  EXPECT_EQ(tags, (std::vector<std::uint64_t>{1'024, 5'000, 1'025, 5'001, 1'026, 1'027}));
}

TEST(ClientDoor, IsBoundedInBytes) {
  CoreInbox inbox;
  ClientDoor door(inbox, 10'000, 0);
  for (std::size_t i = 0; i < CoreInbox::clients_max; ++i) ASSERT_TRUE(door.take(arrived(i, 0)));
  EXPECT_TRUE(door.take(arrived(1, 0, 8'000)));
  EXPECT_FALSE(door.take(arrived(2, 0, 8'000)));
  node::ClientRequest other = arrived(3, 0, 2'000);
  other.vshard = VShardId(2);
  EXPECT_TRUE(door.take(other)) << "its vShard has none here";
  EXPECT_FALSE(door.take(other));
  take(inbox);
  EXPECT_TRUE(door.retry(never).empty()) << "0: they may wait without end";
  EXPECT_TRUE(door.empty());
}

TEST(Answers, CountUntilTheLastCopyIsLetGo) {
  const Answers answers(100'000);
  auto first = answers.count(Blob(Bytes(60'000, 'x')));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 60'000u);
  EXPECT_EQ(answers.bytes(), 60'000u);
  const auto second = answers.count(Blob(Bytes(60'000, 'y')));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::busy);
  EXPECT_EQ(answers.bytes(), 60'000u);
  Blob part = first->slice(10, 20);
  first = Blob();
  EXPECT_EQ(answers.bytes(), 60'000u) << "a part keeps the whole";
  EXPECT_EQ(part.view(), Bytes(20, 'x'));
  part = Blob();
  EXPECT_EQ(answers.bytes(), 0u);
}

TEST(Answers, OneAlonePassesAndSmallOnesAndErrorsDoNotCount) {
  const Answers answers(10);
  EXPECT_TRUE(answers.count(Blob(Bytes("small"))));
  EXPECT_EQ(answers.count(fail(Code::not_found, "")).error().code, Code::not_found);
  EXPECT_EQ(answers.bytes(), 0u);
  EXPECT_TRUE(answers.count(Blob(Bytes(60'000, 'x'))));
  EXPECT_EQ(answers.bytes(), 0u);
}

TEST(PeerDoor, KeepsWhatTheCoreHasNoRoomForInOrder) {
  CoreInbox inbox;
  PeerDoor door(inbox);
  for (std::size_t i = 0; i < CoreInbox::outside_max - 1; ++i) ASSERT_TRUE(inbox.offer(node::Wake{}));
  const auto message = [](std::uint64_t number) {
    wire::SnapshotCredit credit;
    credit.next = number;
    return node::FromPeer{Uuid{}, credit};
  };
  EXPECT_TRUE(door.take(message(1)));
  EXPECT_FALSE(door.take(message(2)));
  EXPECT_FALSE(door.take(message(3)));
  EXPECT_FALSE(door.retry());
  EXPECT_EQ(take(inbox).size(), CoreInbox::outside_max);
  // Room there is, but nothing overtakes.
  EXPECT_TRUE(door.take(message(4)));
  std::vector<std::uint64_t> order;
  for (const node::Event& event : take(inbox)) {
    order.push_back(std::get<wire::SnapshotCredit>(std::get<node::FromPeer>(event).message).next);
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{2, 3, 4}));
}

}  // namespace
}  // namespace nodedb::edge
