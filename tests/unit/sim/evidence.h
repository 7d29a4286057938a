// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a judge is told of the world, as a test wants it.

#include <map>
#include <string>

#include "sim/move_judge.h"

namespace nodedb::sim::test {

struct Evidence final : MoveJudge::Evidence {
  std::uint32_t machines() const override { return machine_count; }
  bool running(NodeId) const override { return true; }
  const node::StoredGroup* log_of(NodeId node, GroupId) const override {
    const auto log = logs.find(node);
    return log == logs.end() ? nullptr : &log->second;
  }
  bool durable(const raft::Config&, GroupId, raft::Position) const override { return all_durable; }
  std::int64_t now_ns() const override { return now; }
  std::int64_t quiet_ns() const override { return now; }
  void complain(std::string rule, std::string what) override {
    if (said.empty()) said = rule + ": " + what;
  }

  std::uint32_t machine_count = 5;
  std::map<NodeId, node::StoredGroup> logs;
  bool all_durable = false;
  std::int64_t now = 0;
  std::string said;  ///< the first complaint
};

}  // namespace nodedb::sim::test
