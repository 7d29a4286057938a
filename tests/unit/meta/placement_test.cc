// SPDX-License-Identifier: Apache-2.0
#include "meta/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "meta/codec.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta {
namespace {

using test::plan;

struct Load {
  std::map<NodeId, std::uint32_t> replicas;
  std::map<NodeId, std::uint32_t> leaders;
};

Load load_of(const std::vector<NodeId>& nodes, const std::vector<Placement>& placement) {
  Load load;
  for (const NodeId node : nodes) load.replicas[node] = load.leaders[node] = 0;
  for (const Placement& each : placement) {
    for (const NodeId node : each.replicas) ++load.replicas.at(node);
    if (!each.replicas.empty()) ++load.leaders.at(each.replicas.front());
  }
  return load;
}

void expect_within_one(const std::map<NodeId, std::uint32_t>& load, std::size_t total) {
  const double mean = static_cast<double>(total) / static_cast<double>(load.size());
  for (const auto& [node, count] : load) {
    EXPECT_LT(std::abs(count - mean), 1.0) << "node " << node.value << " has " << count << ", mean " << mean;
  }
}

TEST(InitialPlacement, IsEvenForEverySizeOfCluster) {
  for (std::uint32_t size = 1; size <= 64; size += size < 16 ? 1 : 7) {
    std::vector<NodeId> nodes;
    for (std::uint32_t i = 0; i < size; ++i) nodes.push_back(NodeId(10 + i));
    for (const std::uint32_t rf : {1u, 3u, 5u, 7u}) {
      if (rf > size) continue;
      SCOPED_TRACE(std::to_string(size) + " nodes, rf " + std::to_string(rf));
      const auto placement = initial_placement(nodes, rf);
      ASSERT_EQ(placement.size(), vshard_count);
      for (const Placement& each : placement) {
        EXPECT_EQ(each.epoch, Epoch(1));
        EXPECT_EQ(std::set<NodeId>(each.replicas.begin(), each.replicas.end()).size(), rf);
      }
      const Load load = load_of(nodes, placement);
      expect_within_one(load.replicas, std::size_t{vshard_count} * rf);
      expect_within_one(load.leaders, vshard_count);
      EXPECT_EQ(initial_placement(nodes, rf), placement) << "deterministic";
    }
  }
}

TEST(InitialPlacement, ADeadNodesShareSpreadsOverAllOthers) {
  std::vector<NodeId> nodes;
  for (std::uint32_t i = 1; i <= 6; ++i) nodes.push_back(NodeId(i));
  const auto placement = initial_placement(nodes, 3);
  for (const NodeId dead : nodes) {
    std::map<NodeId, std::uint32_t> shares;
    for (const Placement& each : placement) {
      if (std::ranges::find(each.replicas, dead) == each.replicas.end()) continue;
      for (const NodeId node : each.replicas) ++shares[node];
    }
    // 512 sets hold the dead node, with two others each: about 205 for each of the five.
    for (const NodeId node : nodes) EXPECT_GT(shares[node], 150u) << dead.value << " with " << node.value;
  }
}

TEST(InitialPlacement, LeavesTheRestEmptyWhenFewerArePlaced) {
  const auto placement = initial_placement({NodeId(1), NodeId(2), NodeId(3)}, 3, 8);
  ASSERT_EQ(placement.size(), vshard_count);
  for (std::size_t v = 0; v < placement.size(); ++v) EXPECT_EQ(placement[v].replicas.size(), v < 8 ? 3u : 0u);
}

TEST(MakeGenesis, IsTheSameWhereverItIsMade) {
  const Genesis genesis = make_genesis(plan(5)).value();
  EXPECT_EQ(make_genesis(plan(5)), genesis);
  EXPECT_EQ(genesis.cluster, (Cluster{test::uuid(255), 1, 3, NodeId(6)}));
  EXPECT_EQ(genesis.metadata_voters, (std::vector{NodeId(1), NodeId(2), NodeId(3)}));
  ASSERT_EQ(genesis.members.size(), 5u);
  EXPECT_EQ(genesis.members[4], (Member{NodeId(5),
                                        test::uuid(5),
                                        "host5:7400",
                                        "",
                                        Incarnation(0),
                                        MemberState::joining,
                                        "",
                                        "",
                                        100,
                                        {}}));
  EXPECT_LT(encode(genesis).size(), 64u * 1024);
}

TEST(MakeGenesis, ALoneNodeIsAClusterOfOneReplica) {
  const Genesis genesis = make_genesis(plan(1, 1)).value();
  EXPECT_EQ(genesis.placement[77].replicas, std::vector{NodeId(1)});
}

TEST(MakeGenesis, NamesEveryComplaintAtOnce) {
  const auto detail = [](const GenesisPlan& bad) {
    const auto genesis = make_genesis(bad);
    EXPECT_FALSE(genesis.has_value());
    if (genesis) return std::string();
    EXPECT_EQ(genesis.error().code, Code::invalid_state);
    return genesis.error().detail;
  };
  EXPECT_NE(detail(plan(2, 3)).find("needs at least 3 founders, there are 2"), std::string::npos);
  EXPECT_NE(detail(plan(4, 2)).find("odd"), std::string::npos);
  EXPECT_NE(detail(plan(9, 9)).find("between 1 and 7"), std::string::npos);
  EXPECT_NE(detail(plan(3, 0)).find("odd"), std::string::npos);
  EXPECT_NE(detail(plan(65)).find("more than 64"), std::string::npos);
  GenesisPlan bad = plan(3);
  bad.cluster = {};
  bad.founders[1] = bad.founders[0];
  bad.founders[2].address.clear();
  const std::string all = detail(bad);
  for (const char* part : {"no UUID", "named twice", "given twice", "has no address"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " in: " << all;
  }
  bad = plan(3);
  bad.founders[0].uuid = {};
  bad.founders[1].client_address = Bytes(10'000, 'x');
  EXPECT_NE(detail(bad).find("too long"), std::string::npos);
}

}  // namespace
}  // namespace nodedb::meta
