// SPDX-License-Identifier: Apache-2.0
#pragma once

// A cluster as the reconciler sees it: group 0's rows, who is out of reach, and what the vShards cost.
// Everything it proposes is decided by group 0's own machine; its migrations cut over a while later.

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "node/reconciler.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::node::test {

class ReconcileWorld {
 public:
  static constexpr std::int64_t look_every_ns = 200 * ns_per_ms;
  static constexpr std::int64_t move_ns = 2 * ns_per_s;

  ReconcileWorld(std::uint8_t founders, std::uint32_t vshards);

  /// An operator's or a node's entry. Pre: group 0 takes it.
  void submit(const meta::MetaEntry& entry);
  void set(const std::string& setting, const std::string& value) {
    submit(meta::SettingChange{setting, value, {}});
  }
  void want(std::uint32_t node, meta::MemberState state, std::uint32_t successor = 0) {
    submit(meta::MemberChange{NodeId(node), state, NodeId(successor), {}});
  }
  /// The next member, active at once.
  NodeId join(const std::string& zone = "");

  /// One look at the present time. What it proposes is submitted, and each new migration runs for `move_ns`.
  std::vector<meta::MetaEntry> look();
  /// Looks every 200 ms.
  void run(std::int64_t for_ns);

  Reconciler::Surroundings around();
  const meta::Tables& tables() const { return group_.tables; }
  meta::MemberState state(std::uint32_t node) const { return tables().members.at(NodeId(node)).state; }
  std::size_t under_way() const { return tables().migrations.intents().size(); }
  std::map<NodeId, std::size_t> held() const;
  std::map<NodeId, std::size_t> led() const;  ///< preferred leaders
  std::map<NodeId, std::uint64_t> written() const;

  /// A move that has been proposed, in order.
  struct Move {
    VShardId vshard;
    NodeId from;
    NodeId to;
    Time at;
  };
  std::vector<Move> moves;
  std::size_t under_way_max = 0;
  std::size_t refused = 0;  ///< proposals that group 0 did not take
  std::set<NodeId> unreachable;
  std::map<VShardId, meta::ShardLoad> load;
  Time now{ns_per_s};
  Reconciler reconciler;

 private:
  struct Running {
    meta::MigrationId id;
    Move move;
  };
  void note(const meta::MetaEntry& entry);
  void finish(const Running& it);

  meta::test::World group_;
  std::deque<Running> running_;
  Rng rng_{7};
  std::uint8_t last_;
};

}  // namespace nodedb::node::test
