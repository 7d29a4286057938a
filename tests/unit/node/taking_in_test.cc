// SPDX-License-Identifier: Apache-2.0
// Who shows an empty disk is given the genesis only if it surely never was a member: its row here may be old.
#include <gtest/gtest.h>

#include <algorithm>

#include "node/node.h"
#include "tests/unit/node/founder.h"

namespace nodedb::node {
namespace {

/// Node 1 of three, as a founder that has nothing but the genesis: by its rows all others are still to report
/// themselves.
struct Behind {
  Behind() {
    auto made = Node::create(founder_options(), founder_boot(), Rng(1), at_ms(0));
    EXPECT_TRUE(made.has_value());
    node.emplace(std::move(*made));
  }

  Turn step(std::int64_t ms, Event event) { return node->step(at_ms(ms), std::move(event)); }
  Turn hello(std::int64_t ms, std::uint8_t number, NodeId id) {
    step(ms, PeerConnected{uuid(number), {}});
    return step(ms, FromPeer{uuid(number), wire::Hello{id, Incarnation(1), "h:1", "", false}});
  }
  /// Node 2 leads group 0 in term 2.
  void hear_of_a_leader(std::int64_t ms) {
    hello(ms, 2, NodeId(2));
    raft::Pulse pulse;
    pulse.incarnation = Incarnation(1);
    pulse.sent = Time{1};
    pulse.version = 1;
    pulse.claims = {{metadata_group, Term(2), Index(1), true}};
    step(ms, FromPeer{uuid(2), pulse});
  }
  Turn answer(std::int64_t ms, const raft::ReadIndexRequest& asked, Index index) {
    wire::RaftBundle bundle;
    bundle.messages.emplace_back(metadata_group, raft::ReadIndexReply{Term(2), asked.context, true, index});
    return step(ms, FromPeer{uuid(2), std::move(bundle)});
  }

  std::optional<Node> node;
};

bool offers(const Turn& turn, std::uint8_t number) {
  return std::ranges::any_of(turn.send_now, [&](const wire::Outbound& out) {
    return out.to == uuid(number) && std::holds_alternative<wire::Found>(out.message);
  });
}

/// The latest: a node asks for its own ends, too.
std::optional<raft::ReadIndexRequest> asks(const Turn& turn) {
  std::optional<raft::ReadIndexRequest> asked;
  for (const auto* way : {&turn.send_now, &turn.send_after}) {
    for (const wire::Outbound& out : *way) {
      const auto* bundle = std::get_if<wire::RaftBundle>(&out.message);
      if (bundle == nullptr) continue;
      for (const wire::GroupMessage& one : bundle->messages)
        if (const auto* request = std::get_if<raft::ReadIndexRequest>(&one.message)) asked = *request;
    }
  }
  return asked;
}

TEST(TakingIn, AFounderIsGivenTheGenesisWhereNobodyElseCanHaveFormedTheCluster) {
  Behind node;
  EXPECT_FALSE(offers(node.hello(1, 2, NodeId()), 2))
      << "node 3 is out of sight: with node 2 it is a majority";
  EXPECT_TRUE(offers(node.hello(2, 3, NodeId()), 3));
  EXPECT_TRUE(offers(node.step(1'500, Wake{}), 2)) << "and node 2 again, now that node 3 is seen to be empty";
}

TEST(TakingIn, WhereGroup0HasALeaderItIsRead) {
  Behind node;
  node.hear_of_a_leader(1);
  const Turn turn = node.hello(2, 3, NodeId());
  EXPECT_FALSE(offers(turn, 3)) << "node 3 may have been a member since";
  const auto asked = asks(turn);
  ASSERT_TRUE(asked.has_value());
  EXPECT_FALSE(offers(node.answer(3, *asked, Index(9)), 3)) << "what is known here ends before that";
}

TEST(TakingIn, ARowThatIsUpToDateIsBelieved) {
  Behind node;
  node.hear_of_a_leader(1);
  const auto asked = asks(node.hello(2, 3, NodeId()));
  ASSERT_TRUE(asked.has_value());
  EXPECT_TRUE(offers(node.answer(3, *asked, birth.index), 3));
}

TEST(TakingIn, EachHelloIsAnotherDisk) {
  Behind node;
  node.hear_of_a_leader(1);
  const auto asked = asks(node.hello(2, 3, NodeId()));
  ASSERT_TRUE(asked.has_value());
  node.answer(3, *asked, birth.index);
  node.step(4, PeerDisconnected{uuid(3)});
  EXPECT_FALSE(offers(node.hello(5, 3, NodeId()), 3));
}

}  // namespace
}  // namespace nodedb::node
