// SPDX-License-Identifier: Apache-2.0
// The library's door on real nodes in this process: every read level through every node, refusals that tell
// the truth, completions that come exactly once, a node that stops and comes back, one that joins by a token,
// and the operator's commands against all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "app/json.h"
#include "nodedb/cluster/completions.h"
#include "nodedb/cluster/credentials.h"
#include "nodedb/cluster/local_cluster.h"
#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/process.h"

namespace nodedb::e2e {
namespace {

/// Appends to a row for each key that is named; `?KEY` reads it.
class Diary final : public StateMachine {
 public:
  Result<void> check(BytesView command) const override {
    return command.find('=') != BytesView::npos ? Result<void>() : fail(Code::malformed, "KEY=TEXT");
  }
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    if (auto known = check(input.command); !known) return std::unexpected(known.error());
    const std::size_t at = input.command.find('=');
    const Bytes key(input.command.substr(0, at));
    const Bytes text = rows.get(key).value_or("") + Bytes(input.command.substr(at + 1));
    return ApplyOutput{{Put{key, text}}, text};
  }
  Bytes read(const View& rows, const ReadInput& input) const override {
    return rows.get(input.query).value_or("");
  }
};

class Door : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    log_to_stderr(LogLevel::warn);
    LocalClusterOptions options;
    options.path = [](const RequestPath& path) {
      const std::lock_guard lock(telling_);
      if (path.trace.exists()) told_.push_back(path);
    };
    auto started = LocalCluster::start(std::make_shared<Diary>(), std::move(options));
    ASSERT_TRUE(started) << started.error().detail;
    cluster_ = std::move(*started);
  }
  static void TearDownTestSuite() { cluster_.reset(); }

  static Bytes reply(Result<Answer> answer) {
    return answer ? answer->reply : "error: " + answer.error().detail;
  }

  inline static std::unique_ptr<LocalCluster> cluster_;
  inline static std::mutex telling_;
  inline static std::vector<RequestPath> told_;  ///< of traced requests, by all nodes
};

TEST_F(Door, EveryLevelAnswersThroughEveryNode) {
  const auto written = cluster_->node(0).propose("levels", "a=1").get();
  ASSERT_TRUE(written) << written.error().detail;
  EXPECT_EQ(written->reply, "1");
  EXPECT_GT(written->at, Index(1));
  for (std::size_t i = 0; i < cluster_->size(); ++i) {
    Node& node = cluster_->node(i);
    EXPECT_EQ(reply(node.read("levels", "a").get()), "1");
    EXPECT_EQ(reply(node.read("levels", "a", {.level = ReadLevel::lease}).get()), "1");
    EXPECT_EQ(reply(node.read("levels", "a", {.level = ReadLevel::bounded, .max_staleness_ns = 0}).get()),
              "1");
    const auto session = node.read("levels", "a", {.level = ReadLevel::session, .after = written->at}).get();
    EXPECT_EQ(reply(session), "1");
    EXPECT_GE(session->at, written->at);
    EXPECT_EQ(reply(node.read("levels", "a", {.level = ReadLevel::local}).get()), "1");
  }
}

TEST_F(Door, ASampledRequestsPathIsToldWhereItCameInAndByItsLeader) {
  const auto shard = cluster_->node(0).placement()->shards.at(Place("path").vshard().value);
  const std::size_t leader = shard.leader.value - 1;
  const std::size_t asked = (leader + 1) % cluster_->size();
  const auto trace = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").value();
  ASSERT_TRUE(cluster_->node(asked).propose("path", "a=1", Node::timeout_ns, trace).get());
  ASSERT_TRUE(cluster_->node(leader).read("path", "a", {.trace = trace}).get());
  std::vector<RequestPath> told;
  EXPECT_TRUE(eventually(10, [&] {
    const std::lock_guard lock(telling_);
    told = told_;
    return told.size() >= 3;
  }));
  ASSERT_EQ(told.size(), 3u);
  for (const RequestPath& path : told) {
    EXPECT_EQ(path.trace, trace);
    EXPECT_EQ(path.vshard, Place("path").vshard());
    EXPECT_EQ(path.served_by, shard.leader);
    EXPECT_FALSE(path.error);
    EXPECT_GT(path.took_ns(), 0);
    if (!path.write) continue;
    const bool of_leader = path.side == RequestPath::Side::leader;
    EXPECT_EQ(path.asked, NodeId(static_cast<std::uint32_t>(asked + 1)));
    EXPECT_EQ(of_leader, path.served.committed != not_reached);
    EXPECT_EQ(of_leader, path.sent == not_reached);
  }
  EXPECT_EQ(std::ranges::count(told, true, &RequestPath::write), 2);
}

TEST_F(Door, ASessionThatNobodyHasComeToEndsInTime) {
  const ReadOptions far{
      .level = ReadLevel::session, .after = Index(1'000'000'000), .timeout_ns = 200 * ns_per_ms};
  const auto answer = cluster_->node(1).read("levels", "a", far).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::timeout);
}

TEST_F(Door, RefusalsHadNoEffect) {
  for (const auto& [place, command] :
       {std::pair<Place, Bytes>{"k", "no text"}, std::pair<Place, Bytes>{VShardId(2000), "a=1"}}) {
    const auto refused = cluster_->node(2).propose(place, command).get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::malformed);
    EXPECT_EQ(effect(refused.error().code), Effect::no);
  }
  EXPECT_EQ(cluster_->node(2).propose("k", Bytes(33 << 20, '=')).get().error().code, Code::too_large);
  EXPECT_EQ(cluster_->node(2).cancel("no id").get().error().code, Code::malformed);
  EXPECT_FALSE(cluster_->node(2).migrate(VShardId(1), NodeId(1), NodeId(9)).get());
}

TEST_F(Door, OptionsAreTheServers) {
  NodeOptions options;
  options.data = "/nowhere";
  options.listen = "127.0.0.1:7000";
  options.more = {{"client", "127.0.0.1:6379"}, {"replication_factor", "2"}, {"pulze", "1s"}};
  std::string all;
  for (const std::string& complaint : options.validate()) all += complaint + "\n";
  for (const char* expected :
       {"no Redis port", "must be 1, 3, 5 or 7", "did you mean 'pulse'", "certs: say where"})
    EXPECT_NE(all.find(expected), std::string::npos) << expected << " in " << all;
  EXPECT_EQ(Node::start(options, std::make_shared<Diary>()).error().code, Code::malformed);
}

TEST_F(Door, ANodeThatStopsCompletesAllAndComesBackWithWhatItHad) {
  std::atomic<int> completed = 0;
  std::atomic<int> wrong = 0;
  int taken = 0;
  for (int i = 0; i < 500; ++i) {
    const auto done = [&](Result<Answer> answer) {
      ++completed;
      const bool allowed =
          answer || answer.error().code == Code::timeout || answer.error().code == Code::stopping;
      if (!allowed) ++wrong;
    };
    if (cluster_->node(2).propose("stop" + std::to_string(i), "n=.", done)) ++taken;
  }
  cluster_->stop(2);
  EXPECT_EQ(completed, taken);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(reply(cluster_->node(0).propose("while it is away", "b=2").get()), "2");
  const auto restarted = cluster_->restart(2);
  ASSERT_TRUE(restarted) << restarted.error().detail;
  EXPECT_TRUE(
      eventually(30, [] { return reply(cluster_->node(2).read("while it is away", "b").get()) == "2"; }));
  EXPECT_EQ(cluster_->restart(2).error().code, Code::invalid_state);
}

TEST_F(Door, AfterItsEndANodeRefusesAtOnce) {
  TemporaryDirectory home("nodedb-door");
  Completions completions;
  LocalClusterOptions options;
  options.nodes = 1;
  options.directory = home.path() + "/cluster";
  options.executor = completions.executor();
  auto alone = LocalCluster::start(std::make_shared<Diary>(), options);
  ASSERT_TRUE(alone) << alone.error().detail;
  Node& node = (*alone)->node(0);
  bool answered = false;
  ASSERT_TRUE(node.propose("k", "a=1", [&](Result<Answer> answer) { answered = answer.has_value(); }));
  EXPECT_TRUE(eventually(30, [&] { return completions.run() > 0 && answered; }));
  node.stop();
  EXPECT_EQ(node.propose("k", "a=1", [](Result<Answer>) {}).error().code, Code::stopping);
  EXPECT_EQ(node.init().get().error().code, Code::stopping);
  // It goes on with what is in its directory.
  alone->reset();
  alone = LocalCluster::start(std::make_shared<Diary>(), options);
  ASSERT_TRUE(alone) << alone.error().detail;
  bool seen = false;
  ASSERT_TRUE((*alone)->node(0).read("k", "a", {}, [&](Result<Answer> a) { seen = a && a->reply == "1"; }));
  EXPECT_TRUE(eventually(30, [&] { return completions.run() > 0 && seen; }));
}

TEST_F(Door, ANodeJoinsByATokenAndIsSeen) {
  TemporaryDirectory home("nodedb-door");
  const Finished made = run({binary(), "token", "create", "--certs", cluster_->directory() + "/operator",
                             "--node", cluster_->address(0), "-o", "json"});
  ASSERT_EQ(made.status, 0) << made.output;
  const std::string token = app::Json::parse(made.output).value()["token"].text();

  std::atomic<std::uint64_t> version = 0;
  std::atomic<bool> fell = false;
  NodeHooks hooks;
  hooks.placement = [&](const std::shared_ptr<const Placement>& now) {
    if (now->version <= version.exchange(now->version)) fell = true;
  };
  NodeOptions options;
  options.data = home.path() + "/data";
  options.certs = home.path() + "/certs";
  options.listen = "127.0.0.1:" + std::to_string(free_port());
  options.join = token + "@" + cluster_->address(0);
  auto node = Node::start(options, std::make_shared<Diary>(), hooks);
  ASSERT_TRUE(node) << node.error().detail;
  EXPECT_TRUE(eventually(30, [&] {
    const auto known = (*node)->placement();
    return known && known->self == NodeId(4) && known->members.size() == 4;
  }));
  EXPECT_EQ(reply((*node)->propose("from the new one", "c=3").get()), "3");
  (*node)->stop();
  EXPECT_GT(version, 0u);
  EXPECT_FALSE(fell);
}

}  // namespace
}  // namespace nodedb::e2e
