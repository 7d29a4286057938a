// SPDX-License-Identifier: Apache-2.0
// A row of group 0 whose checksum does not fit: nothing is applied to it, and all of group 0's state is taken
// from the leader anew.
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "meta/codec.h"
#include "meta/placement.h"
#include "meta/rows.h"
#include "meta/tables.h"
#include "node/namespaces.h"
#include "node/node.h"
#include "tests/unit/node/founder.h"
#include "wire/rows.h"

namespace nodedb::node {
namespace {

meta::PersistedMigrationCheckpoint checkpoint() {
  return meta::make_checkpoint(uuid(7), 0, meta::CatchUpCheckpoint{VShardId(0), Index(5)}, 1);
}

/// Node 1 of three, booted with a migration's row of which one bit has turned.
struct Damaged {
  Damaged() {
    Boot boot = founder_boot();
    Bytes row = meta::encode(checkpoint());
    row[row.size() / 2] ^= 1;
    boot.metadata.push_back({meta::checkpoint_key(uuid(7)), row});
    auto made = Node::create(founder_options(), std::move(boot), Rng(1), at_ms(0));
    EXPECT_TRUE(made.has_value());
    node.emplace(std::move(*made));
    step(0, PeerConnected{uuid(2), {}});
    step(1, FromPeer{uuid(2), wire::Hello{NodeId(2), Incarnation(4), "b:1", "", false}});
    raft::Pulse pulse;
    pulse.incarnation = Incarnation(4);
    pulse.sent = Time{1};
    pulse.version = 1;
    pulse.claims = {{metadata_group, Term(2), Index(1), true}};
    knows_leader = step(2, FromPeer{uuid(2), pulse});
  }

  Turn step(std::int64_t ms, Event event) { return node->step(at_ms(ms), std::move(event)); }
  std::vector<std::string> quarantined(std::int64_t ms) { return node->status(at_ms(ms), {}).quarantined; }

  std::optional<Node> node;
  Turn knows_leader;
};

template <class Kind>
const Kind* said(const Turn& turn) {
  for (const wire::Outbound& out : turn.send_now) {
    if (const auto* kind = std::get_if<Kind>(&out.message)) return kind;
  }
  return nullptr;
}

template <class Kind>
const Kind* task(const Turn& turn) {
  for (const StateTask& one : turn.tasks) {
    if (const auto* kind = std::get_if<Kind>(&one)) return kind;
  }
  return nullptr;
}

TEST(Mend, ADamagedRowIsReportedAndTakenFromTheLeader) {
  Damaged damaged;
  EXPECT_EQ(damaged.quarantined(3).size(), 1U);
  // As soon as it knows of a leader, before it may be handed the leadership itself.
  ASSERT_NE(said<wire::SnapshotWanted>(damaged.knows_leader), nullptr);

  raft::Config voters;
  voters.voters = {NodeId(1), NodeId(2), NodeId(3)};
  const wire::TransferId transfer{Incarnation(4), 1};
  // At the very position that this node has itself: it is not behind, only wrong.
  const Turn takes = damaged.step(
      3, FromPeer{uuid(2), wire::SnapshotOffer{transfer, metadata_group, Term(2), birth, voters}});
  ASSERT_NE(said<wire::SnapshotCredit>(takes), nullptr);
  EXPECT_FALSE(said<wire::SnapshotCredit>(takes)->refused);

  Bytes bytes;
  wire::append_row(bytes, {"k", "v"});
  const std::uint32_t crc = crc32c(bytes);
  const Turn stages = damaged.step(
      3, FromPeer{uuid(2), wire::SnapshotChunk{transfer, metadata_group, 0, crc, crc, true, Blob(bytes)}});
  ASSERT_NE(task<StageTask>(stages), nullptr);
  const Turn installs = damaged.step(3, FromState{Staged{transfer, metadata_group, 0}});
  ASSERT_NE(task<InstallTask>(installs), nullptr);

  std::vector<Put> sound = meta::rows_of(genesis());
  sound.push_back({meta::checkpoint_key(uuid(7)), meta::encode(checkpoint())});
  damaged.step(3, FromState{Installed{transfer, metadata_group, birth, voters, sound}});
  EXPECT_TRUE(damaged.quarantined(3).empty());
  const Turn quiet = damaged.step(3'000, Wake{});
  EXPECT_EQ(said<wire::SnapshotWanted>(quiet), nullptr);
}

TEST(Mend, ASoundNodeTakesNoSnapshotThatItDoesNotNeed) {
  Damaged damaged;
  raft::Config voters;
  voters.voters = {NodeId(1), NodeId(2), NodeId(3)};
  const Turn refuses = damaged.step(
      10, FromPeer{uuid(2), wire::SnapshotOffer{{Incarnation(4), 1}, GroupId(1), Term(2), birth, voters}});
  ASSERT_NE(said<wire::SnapshotCredit>(refuses), nullptr);
  EXPECT_TRUE(said<wire::SnapshotCredit>(refuses)->refused);
}

TEST(Mend, EntriesWaitUntilTheRowIsSound) {
  Damaged damaged;
  const raft::Entry entry{Index(2), Term(2), raft::EntryKind::noop, {}};
  const raft::Append append{Term(2), birth, Index(2), {entry}};
  const Turn appended = damaged.step(10, FromPeer{uuid(2), wire::RaftBundle{{{metadata_group, append}}}});
  ASSERT_TRUE(appended.log.has_value());
  const Turn durable = damaged.step(11, LogDurable{appended.log->id});
  EXPECT_EQ(task<ApplyTask>(durable), nullptr);
}

}  // namespace
}  // namespace nodedb::node
