// SPDX-License-Identifier: Apache-2.0
#include "node/transfers.h"

#include <gtest/gtest.h>

#include <set>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/rng.h"
#include "wire/rows.h"

namespace nodedb::node {
namespace {

constexpr GroupId group(7);
constexpr NodeId leader(1);
constexpr NodeId follower(2);
constexpr raft::Position copied_at{Index(50), Term(3)};

Bytes row_of(BytesView key) {
  Bytes rows;
  wire::append_row(rows, {key, "value"});
  return rows;
}

/// Two nodes' transfers and, between them, apply threads that answer at once and a network that may lose.
constexpr std::size_t unhurried = 1'000'000'000;

class Pair {
 public:
  /// `chunks`: a key each; empty: no row.
  explicit Pair(const std::vector<Bytes>& chunks, double loss = 0, std::uint64_t seed = 1,
                std::size_t bytes_per_second = unhurried)
      : sender_(Incarnation(1), 1024, bytes_per_second), loss_(loss), rng_(seed) {
    for (const Bytes& key : chunks) chunks_.push_back(key.empty() ? Bytes() : row_of(key));
  }

  void start() { sender_.start(now_, group, follower); }
  bool run(int rounds) {
    for (int i = 0; i < rounds && finished_.empty(); ++i) {
      while (turn(sender_, leader) | turn(receiver_, follower)) {
      }
      now_ = now_ + 100 * ns_per_ms;
      sender_.wake(now_);
      receiver_.wake(now_);
    }
    return !finished_.empty();
  }

  Transfers sender_;
  Transfers receiver_{Incarnation(9), 1024, unhurried};
  std::vector<Transfers::Finished> finished_;
  std::vector<Bytes> staged_;
  bool installed_ = false;
  bool corrupt_ = false;
  bool lying_ = false;  ///< the sender's checksums are those of what is no row
  bool needed_ = true;

 private:
  bool turn(Transfers& node, NodeId self) {
    Transfers::Output out = node.take_output();
    for (auto& one : out.finished) finished_.push_back(one);
    for (auto& [to, message] : out.sends) {
      if (!rng_.chance(loss_)) deliver(self == leader ? receiver_ : sender_, self, std::move(message));
    }
    for (auto& task : out.tasks) perform(node, task);
    return !out.sends.empty() || !out.tasks.empty();
  }

  void deliver(Transfers& to, NodeId from, wire::PeerMessage message) {
    if (auto* offer = std::get_if<wire::SnapshotOffer>(&message)) to.offer(now_, from, *offer, needed_);
    if (auto* credit = std::get_if<wire::SnapshotCredit>(&message)) to.credit(now_, from, *credit);
    if (auto* chunk = std::get_if<wire::SnapshotChunk>(&message)) {
      if (corrupt_ || lying_) chunk->rows = Blob("other bytes");
      if (lying_) chunk->crc = chunk->crc_chain = crc32c("other bytes");
      to.chunk(now_, from, std::move(*chunk));
    }
  }

  void perform(Transfers& node, const StateTask& task) {
    if (const auto* open = std::get_if<OpenSnapshotTask>(&task)) {
      node.opened(now_, {open->transfer, copied_at}, copied_at.term,
                  raft::Config{{leader, follower}, {}, {}, {}, false});
    } else if (const auto* read = std::get_if<ReadSnapshotTask>(&task)) {
      const bool last = read->sequence + 1 == chunks_.size();
      node.read(now_,
                {read->transfer, read->sequence, SnapshotRows{chunks_.at(read->sequence), "key", last}});
    } else if (const auto* stage = std::get_if<StageTask>(&task)) {
      if (stage->sequence == 0) staged_.clear();
      wire::RowReader rows(stage->rows.view());
      const auto row = rows.next();
      ASSERT_TRUE(row.has_value()) << "the store would fail";
      if (*row) staged_.emplace_back((*row)->key);
      node.staged(now_, {stage->transfer, stage->group, stage->sequence});
    } else if (const auto* install = std::get_if<InstallTask>(&task)) {
      EXPECT_EQ(install->at, copied_at);
      EXPECT_TRUE(node.installing(group));
      installed_ = true;
      const auto credit = node.installed(group);
      ASSERT_TRUE(credit);
      if (!rng_.chance(loss_)) deliver(sender_, follower, credit->second);
    }
  }

  std::vector<Bytes> chunks_;
  double loss_;
  Rng rng_;
  Time now_{0};
};

TEST(Transfers, CarryAllChunksInOrder) {
  Pair pair({"a", "ab", "b", "c", "d", "e", "f"});
  pair.start();
  ASSERT_TRUE(pair.run(5));
  EXPECT_TRUE(pair.finished_[0].ok);
  EXPECT_TRUE(pair.installed_);
  EXPECT_EQ(pair.staged_, (std::vector<Bytes>{"a", "ab", "b", "c", "d", "e", "f"}));
  EXPECT_EQ(pair.sender_.counts(), (Transfers::Counts{.sent = 1}));
  EXPECT_EQ(pair.receiver_.counts(), (Transfers::Counts{.installed = 1}));
}

TEST(Transfers, GoOnAfterLostMessages) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Pair pair({"a", "ab", "b", "c", "d", "e"}, 0.3, seed);
    pair.start();
    ASSERT_TRUE(pair.run(1000)) << seed;
    EXPECT_TRUE(pair.installed_) << seed;
    EXPECT_EQ(pair.staged_, (std::vector<Bytes>{"a", "ab", "b", "c", "d", "e"})) << seed;
  }
}

TEST(Transfers, AnEmptyStateIsOneEmptyChunk) {
  Pair pair({""});
  pair.start();
  ASSERT_TRUE(pair.run(5));
  EXPECT_TRUE(pair.installed_);
}

TEST(Transfers, ADamagedChunkEndsTheTransfer) {
  Pair pair({"a", "b"});
  pair.corrupt_ = true;
  pair.start();
  ASSERT_TRUE(pair.run(5));
  EXPECT_FALSE(pair.finished_[0].ok);
  EXPECT_FALSE(pair.installed_);
  EXPECT_EQ(pair.sender_.counts(), Transfers::Counts());
}

TEST(Transfers, AChunkThatHoldsNoWholeRowsNeverComesToTheStore) {
  Pair pair({"a", "b"});
  pair.lying_ = true;
  pair.start();
  ASSERT_TRUE(pair.run(5));
  EXPECT_FALSE(pair.finished_[0].ok);
  EXPECT_TRUE(pair.staged_.empty());
}

TEST(Transfers, KeysThatDoNotRiseNeverComeToTheStore) {
  for (const char* second : {"a", "ab"}) {
    Pair pair({"ab", second, "c"});
    pair.start();
    ASSERT_TRUE(pair.run(5));
    EXPECT_FALSE(pair.finished_[0].ok);
    EXPECT_EQ(pair.staged_, std::vector<Bytes>{"ab"});
    EXPECT_FALSE(pair.installed_);
  }
}

TEST(Transfers, AnOfferThatIsNotNeededIsRefused) {
  Pair pair({"one"});
  pair.needed_ = false;
  pair.start();
  ASSERT_TRUE(pair.run(5));
  EXPECT_FALSE(pair.finished_[0].ok);
}

TEST(Transfers, ASilentReceiverIsGivenUp) {
  Pair pair({"one"}, 1.0);
  pair.start();
  ASSERT_TRUE(pair.run(1000));
  EXPECT_FALSE(pair.finished_[0].ok);
  EXPECT_EQ(pair.sender_.deadline(), never);
}

TEST(Transfers, NoFasterThanTheCap) {
  // Ten chunks of 1,000 bytes at 5,000 bytes per second: the last may leave after 1.8 s, not before.
  std::vector<Bytes> chunks;
  for (char first = 'a'; first <= 'j'; ++first) chunks.push_back(first + Bytes(999, 'x'));
  Pair pair(chunks, 0, 1, 5'000);
  pair.start();
  EXPECT_FALSE(pair.run(17));
  EXPECT_LT(pair.staged_.size(), 10U);
  EXPECT_GT(pair.staged_.size(), 6U);
  EXPECT_TRUE(pair.run(8));
  EXPECT_EQ(pair.staged_.size(), 10U);
}

TEST(Transfers, OnlySoManyAtOnce) {
  Transfers sender(Incarnation(1), 1024, unhurried);
  for (std::uint32_t i = 1; i <= 20; ++i) sender.start(Time{0}, GroupId(i), follower);
  std::size_t opened = 0;
  for (const StateTask& task : sender.take_output().tasks)
    opened += std::holds_alternative<OpenSnapshotTask>(task);
  EXPECT_EQ(opened, limits::snapshots_sending_max);
}

}  // namespace
}  // namespace nodedb::node
