// SPDX-License-Identifier: Apache-2.0
// What `debug why`, `events` and `top` make of the nodes' answers; and the manual, of the command line.
#include <gtest/gtest.h>

#include "app/cluster_changes.h"
#include "app/manual.h"
#include "app/shard_reasons.h"
#include "app/status_json.h"
#include "app/top_screen.h"

namespace nodedb::app {
namespace {

constexpr VShardId shard{7};

Uuid uuid_of(std::uint32_t id) {
  Bytes text = "3f2a1b4c-0000-4000-8000-000000000000";
  text.back() = static_cast<char>('0' + id);
  return *Uuid::parse(text);
}

/// A healthy cluster of three, as node `id` tells it: node 1 leads the vShard and group 0.
node::Status status_of(std::uint32_t id) {
  node::Status status;
  status.cluster =
      meta::Cluster{.uuid = uuid_of(9), .version = 1, .replication_factor = 3, .next_node = NodeId(4)};
  status.uuid = uuid_of(id);
  status.id = NodeId(id);
  status.groups_led = 341;
  status.replicas = 1024;
  status.drives = id == 1;
  for (std::uint32_t other = 1; other <= 3; ++other) {
    node::MemberStatus member;
    member.member.id = NodeId(other);
    member.member.uuid = uuid_of(other);
    member.member.address = "n" + std::to_string(other) + ":1";
    member.member.state = meta::MemberState::active;
    member.member.incarnation = Incarnation(1);
    member.standing_ns = 42 * ns_per_s;
    status.members.push_back(member);
  }
  node::GroupStatus group;
  group.group = group_of(shard);
  group.replica = true;
  group.role = id == 1 ? raft::Role::leader : raft::Role::follower;
  group.term = Term(4);
  group.last = {Index(5'000), Term(4)};
  group.wanted = group.config.voters = {NodeId(1), NodeId(2), NodeId(3)};
  if (id == 1) group.followers = {{NodeId(2), Index(5'000), "stream"}, {NodeId(3), Index(4'990), "stream"}};
  status.groups = {group};
  return status;
}

class Statuses {
 public:
  Statuses() : all_{status_of(1), status_of(2), status_of(3)} {}
  node::Status& operator[](std::size_t id) { return all_[id - 1]; }
  void silence(std::size_t id) { silent_.insert(id); }
  std::vector<NodeAnswer> answers() const {
    std::vector<NodeAnswer> list;
    for (std::size_t id = 1; id <= all_.size(); ++id) {
      const std::string address = "n" + std::to_string(id) + ":1";
      if (silent_.contains(id))
        list.push_back({address, fail(Code::unreachable, "no answer from " + address)});
      else
        list.push_back({address, status_json(all_[id - 1])});
    }
    return list;
  }
  ShardPicture shard_picture() const { return picture_of_shard(answers(), shard); }
  ClusterPicture cluster() const { return picture_of(answers()); }

 private:
  std::vector<node::Status> all_;
  std::set<std::size_t> silent_;
};

bool tells(const ShardPicture& picture, const std::string& part) {
  return std::ranges::any_of(
      picture.reasons, [&](const ShardReason& one) { return one.what.find(part) != std::string::npos; });
}

// --- debug why ---

TEST(ShardReasons, AVShardThatIsWellWaitsForNothing) {
  const ShardPicture picture = Statuses().shard_picture();
  EXPECT_TRUE(picture.serves);
  EXPECT_EQ(picture.leader, 1);
  EXPECT_EQ(picture.lag, 10);
  EXPECT_TRUE(picture.reasons.empty()) << shard_picture_text(picture, shard);
}

TEST(ShardReasons, OneNodeDownIsSaidAndServedAllTheSame) {
  Statuses statuses;
  statuses.silence(3);
  const ShardPicture picture = statuses.shard_picture();
  EXPECT_TRUE(picture.serves);
  ASSERT_EQ(picture.reasons.size(), 1u) << shard_picture_text(picture, shard);
  EXPECT_EQ(picture.reasons[0].what, "node 3 has a replica and does not answer");
  EXPECT_EQ(picture.reasons[0].since_ms, 42'000);
}

TEST(ShardReasons, ALostMajorityComesFirstWithTheCommandThatHelps) {
  Statuses statuses;
  statuses.silence(2);
  statuses.silence(3);
  statuses[1].groups[0].role = raft::Role::follower;
  const ShardPicture picture = statuses.shard_picture();
  EXPECT_FALSE(picture.serves);
  ASSERT_FALSE(picture.reasons.empty());
  EXPECT_EQ(picture.reasons[0].what, "its majority is away: node 2, node 3 of its 3 voters do not answer");
  EXPECT_NE(picture.reasons[0].next.find("recover collect"), std::string::npos);
}

TEST(ShardReasons, AnElectionIsToldFromALostMajority) {
  Statuses statuses;
  statuses[1].groups[0].role = raft::Role::candidate;
  const ShardPicture picture = statuses.shard_picture();
  EXPECT_FALSE(picture.serves);
  EXPECT_TRUE(tells(picture, "is being elected"));
  EXPECT_FALSE(tells(picture, "majority is away"));
}

TEST(ShardReasons, TheLeaderOfTheLatestTermIsBelieved) {
  Statuses statuses;
  statuses[2].groups[0].role = raft::Role::leader;
  statuses[2].groups[0].term = Term(3);
  EXPECT_EQ(statuses.shard_picture().leader, 1);
}

TEST(ShardReasons, LagDisksMovesHaltsAndPausesAreTold) {
  Statuses statuses;
  statuses[1].groups[0].followers[1].match = Index(100);
  statuses[1].groups[0].followers[1].state = "snapshot";
  statuses[1].disk_full = true;
  statuses[2].halted.push_back({group_of(shard), "of a later version"});
  node::MigrationStatus move;
  move.record.intent.first.vshard = shard;
  move.record.intent.first.source = NodeId(3);
  move.record.intent.first.target = NodeId(4);
  move.waits_for = "room for another copy";
  move.waits_ns = 5 * ns_per_s;
  statuses[1].migrations = {move};
  statuses[1].admin.emplace().settings.rebalance_paused = 1;
  const ShardPicture picture = statuses.shard_picture();
  EXPECT_TRUE(picture.serves);
  EXPECT_TRUE(tells(picture, "node 3 is 4900 entries behind (snapshot)"));
  EXPECT_TRUE(tells(picture, "the disk of node 1 is full, and it leads"));
  EXPECT_TRUE(tells(picture, "node 2 applies nothing of it any more: of a later version"));
  EXPECT_TRUE(tells(picture, "it moves from node 3 to node 4: add_learner, waits for room for another copy"));
  EXPECT_TRUE(tells(picture, "repair is paused")) << shard_picture_text(picture, shard);
}

// --- events ---

TEST(ClusterChanges, TwoEqualLooksTellNothing) {
  const Statuses statuses;
  EXPECT_TRUE(changes_between(statuses.cluster(), statuses.cluster(), 1).empty());
}

TEST(ClusterChanges, ADeathAMoveAndItsEndAreToldOnce) {
  Statuses before, after;
  after.silence(3);
  after[1].groups_without_leader = 5;
  node::MigrationStatus move;
  move.record.intent.first.vshard = shard;
  move.record.intent.first.source = NodeId(3);
  move.record.intent.first.target = NodeId(2);
  after[1].migrations = {move};
  const auto told = changes_between(before.cluster(), after.cluster(), 1'000);
  std::string text;
  for (const Happening& one : told) text += happening_text(one);
  EXPECT_NE(text.find("1970-01-01T00:00:01Z  member       node 3: active, does not answer"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("migration    vShard 7 from node 3 to node 2: add_learner"), std::string::npos) << text;

  Statuses later = after;
  later[1].migrations.clear();
  meta::MigrationHistory ended;
  ended.vshard = shard;
  ended.source = NodeId(3);
  ended.target = NodeId(2);
  ended.pause_us = 12'000;
  later[1].history = {ended};
  const auto end = changes_between(after.cluster(), later.cluster(), 2'000);
  ASSERT_EQ(end.size(), 1u);
  EXPECT_EQ(end[0].text, "vShard 7 from node 3 to node 2: completed, writes waited 12 ms");
  EXPECT_TRUE(changes_between(later.cluster(), later.cluster(), 3'000).empty());
}

TEST(ClusterChanges, ThePastIsInOrderOfTime) {
  node::Status status = status_of(1);
  meta::MigrationHistory ended;
  ended.ended_ms = 2'000;
  status.history = {ended};
  node::Status::Admin& admin = status.admin.emplace();
  admin.audit.push_back({.at = 1, .by = {.ts_ms = 3'000, .actor = "alice"}, .what = "second"});
  const auto past = past_of(status_json(status));
  ASSERT_EQ(past.size(), 2u);
  EXPECT_EQ(past[0].kind, "migration");
  EXPECT_EQ(past[1].text, "alice: second");
}

// --- top ---

TopLook look_at(const Statuses& statuses, std::int64_t seconds) {
  TopLook look{Time{seconds * ns_per_s}, statuses.answers(), {}};
  look.cluster = picture_of(look.answers);
  return look;
}

TEST(TopScreen, ShowsRatesOnceThereAreTwoLooksAndStaysInItsBounds) {
  Statuses statuses;
  const TopLook before = look_at(statuses, 10);
  statuses[2].requests_refused = 50;
  statuses.silence(3);
  const TopLook now = look_at(statuses, 20);
  MoveProgress moves(false);
  std::string text;
  for (const std::string& line : top_screen(before, now, moves, 200, 100)) text += line + "\n";
  EXPECT_NE(text.find("NOT HEALTHY"), std::string::npos) << text;
  EXPECT_NE(text.find("node 3 does not answer"), std::string::npos) << text;
  const auto lines = top_screen(before, now, moves, 40, 5);
  EXPECT_EQ(lines.size(), 5u);
  for (const std::string& line : lines) EXPECT_LE(line.size(), 40u);
  std::string row = text.substr(text.find("\n2 ") + 1);
  row.resize(row.find('\n'));
  EXPECT_NE(row.find(" 5 "), std::string::npos) << "50 refused in 10 s: " << row;
}

// --- the manual ---

TEST(Manual, HasEveryCommandAndOption) {
  CLI::App app("nodedb-cluster: a store");
  app.footer("Exit status: 0 done");
  app.require_subcommand(1);
  CLI::App* const move = app.add_subcommand("move", "moves it's things");
  move->require_subcommand(1);
  std::string to;
  move->add_subcommand("start", "begins")->add_option("--to", to, "where")->required()->envname("TO");
  const std::string page = man_page(app);
  for (const char* part : {".TH NODEDB", "nodedb\\-cluster \\- a store", ".SS move start", "begins.",
                           ".B \\-\\-to", "(environment: TO) (required)"})
    EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page;
  EXPECT_NE(bash_completion(app).find("'move start') words='--help -h --to'"), std::string::npos)
      << bash_completion(app);
  EXPECT_NE(zsh_completion(app).find("'move') compadd -- start"), std::string::npos) << zsh_completion(app);
  EXPECT_NE(fish_completion(app).find("-f -a move -d 'moves it'\\''s things'"), std::string::npos);
}

}  // namespace
}  // namespace nodedb::app
