// SPDX-License-Identifier: Apache-2.0
#pragma once

// A shared cluster of three founders and a fourth node that has joined, and what tests of moving vShards ask
// of it. All are up when a test begins.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/shared_cluster.h"

namespace nodedb::e2e {

template <class Suite>
class MovingCluster : public SharedCluster<Suite> {
 protected:
  using SharedCluster<Suite>::cluster_;
  using Nodes = std::vector<std::int64_t>;
  static constexpr std::size_t newcomer = 3;  ///< index of the node that has joined
  static constexpr int end_patience_s = 90;

  static void start_moving(const std::string& name) {
    SharedCluster<Suite>::start_cluster(name, {"--join", "1"});
  }
  void SetUp() override {
    SharedCluster<Suite>::SetUp();
    revive();
    ASSERT_TRUE(cluster_->wait_healthy(60));
  }

  static void revive() {
    for (std::size_t i = 0; i < cluster_->nodes().size(); ++i)
      if (cluster_->nodes()[i].pid == 0)
        cluster_->restart(i);
      else
        ::kill(cluster_->nodes()[i].pid, SIGCONT);
  }
  static std::vector<int> ports() { return cluster_->redis_ports(); }
  static Finished cli(std::vector<std::string> words, std::size_t node = 0) {
    return operate(*cluster_, node, std::move(words));
  }
  static Finished start(std::int64_t vshard, int from, int to, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {
        "migration",          "start", "--vshard",        std::to_string(vshard), "--from",
        std::to_string(from), "--to",  std::to_string(to)};
    words.insert(words.end(), more.begin(), more.end());
    return cli(std::move(words));
  }
  static std::string first_id(const Finished& finished) {
    const app::Json body = json_of(finished);
    return body["migrations"].items().empty() ? "" : body["migrations"].items().front()["id"].text();
  }
  /// The nodes that hold a replica, as they say themselves.
  static std::vector<std::int64_t> holders(std::int64_t vshard, std::size_t asked = 0) {
    std::vector<std::int64_t> nodes;
    app::Json body;
    // On a busy machine one that is well may be late with its answer.
    for (int i = 0; i < 3; ++i) {
      body = json_of(cli({"shard", "show", std::to_string(vshard)}, asked));
      if (body["silent"].items().empty()) break;
    }
    for (const app::Json& replica : body["replicas"].items()) nodes.push_back(replica["node"].number());
    std::ranges::sort(nodes);
    return nodes;
  }
  /// How it ended, as the nodes that are up know; empty if it has not in time.
  static std::string outcome(const std::string& id, std::size_t asked = 0) {
    std::string how;
    eventually(end_patience_s, [&] {
      how = json_of(cli({"migration", "show", id}, asked))["outcome"].text();
      return !how.empty();
    });
    return how;
  }
  static std::size_t metadata_leader() {
    for (std::size_t i = 0; i < cluster_->nodes().size(); ++i) {
      const auto status = cluster_->status(i);
      if (status && (*status)["drives"].boolean()) return i;
    }
    return 0;
  }
};

}  // namespace nodedb::e2e
