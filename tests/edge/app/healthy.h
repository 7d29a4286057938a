// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node's figures in a cluster of three with which all is well.

#include "app/node_figures.h"

namespace nodedb::app::test {

inline node::MemberStatus member(std::uint32_t id) {
  node::MemberStatus one;
  one.member.id = NodeId(id);
  one.member.state = meta::MemberState::active;
  one.member.address = "10.0.0." + std::to_string(id) + ":7000";
  one.connected = true;
  one.last_heard_ns_ago = 0;
  one.wanted = 341;
  return one;
}

inline NodeFigures healthy() {
  NodeFigures figures;
  figures.version = "1.2.3";
  figures.wall_ms = 1'000'000;
  figures.status.id = NodeId(1);
  figures.status.address = "10.0.0.1:7000";
  figures.status.cluster.emplace();
  figures.status.in_touch = true;
  figures.status.members = {member(1), member(2), member(3)};
  return figures;
}

}  // namespace nodedb::app::test
