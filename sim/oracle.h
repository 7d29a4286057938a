// SPDX-License-Identifier: Apache-2.0
#pragma once

// The judge of everything that can be seen from outside a node while the world runs: DESIGN.md section 8,
// rules R1 to R7, at each disk write, each message sent, each entry applied. Replicas' rules are
// raft/invariants.h's; here is what only a world that owns the disks can know: that nothing is said before it
// is durable, that an applied entry really lies on a majority of disks, that equal positions have equal
// state. What group 0 says of migrations is move_judge.h's. Remembers the first violation only. Node i is
// NodeId i + 1.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/node.h"
#include "raft/invariants.h"
#include "sim/exchange_judge.h"
#include "sim/log_disk.h"
#include "sim/move_judge.h"
#include "sim/roster_judge.h"
#include "sim/schedule.h"
#include "sim/state_disk.h"

namespace nodedb::sim {

/// For people: counted from 1.
inline std::string name_of(std::size_t node) {
  return "node " + std::to_string(node + 1);
}

struct Violation {
  std::string rule;  ///< "R1", "C6", …
  std::string what;
  std::int64_t at_ns = 0;
};

inline NodeId id_of(std::size_t node) {
  return NodeId(static_cast<std::uint32_t>(node + 1));
}

/// What those who judge group 0's rows have to know of the world.
struct Judges {
  MoveJudge::World moves{};
  RosterJudge::World roster{};
};

class Oracle : MoveJudge::Evidence {
 public:
  explicit Oracle(Schedule& schedule, Judges judges = {});
  ~Oracle() override;

  /// Watches a machine's disks from now on. Both must outlive the oracle's use. Call in node order.
  void watch(LogDisk& log, StateDisk& state);
  /// How to look at a node's core; null while it is down.
  void look_through(std::function<const node::Node*(std::size_t)> cores) { cores_ = std::move(cores); }
  /// How to learn since when no process and no connection has had any trouble.
  void listen(std::function<std::int64_t()> quiet_since) { quiet_since_ = std::move(quiet_since); }

  void booted(std::size_t node, const node::Node& core);
  /// `core` said `message` to `to`; called at the instant it leaves the machine.
  void sent(std::size_t node, const node::Node& core, std::size_t to, const wire::PeerMessage& message);
  /// The core gave its apply thread something to do; in that order it will be done.
  void handed_out(std::size_t node, const node::Node& core, const node::StateTask& task);

  /// The files of a machine say so now.
  void certified(std::size_t node, const CertificateFiles& files) { exchange_.certified(id_of(node), files); }
  const ExchangeJudge& exchange() const { return exchange_; }

  void complain(std::string rule, std::string what) override;
  const std::optional<Violation>& violation() const { return violation_; }

 private:
  struct Eyes;  ///< one machine's witness
  struct PerGroup {
    std::map<Index, Term> committed;
    std::map<Index, std::uint64_t> digests;
    std::map<std::size_t, node::StoredGroup> graves;  ///< by node: what it had when it was destroyed
    std::map<Term, Index> inherited;  ///< term → what its leader knew to be committed when it won
    std::map<std::pair<Term, NodeId>, NodeId> grants;                ///< (term, voter) → candidate
    std::map<std::pair<Term, NodeId>, std::set<NodeId>> encouraged;  ///< (term, candidate) → pre-voters
  };

  void log_written(std::size_t node, const node::GroupLogUpdate& update, const node::StoredGroup* stored);
  void check_truncation(std::size_t node, const node::GroupLogUpdate& update,
                        const node::StoredGroup& stored);
  void state_moved(std::size_t node, GroupId group, raft::Position before, raft::Position after,
                   std::uint64_t digest, bool installed, const StateDisk& state);
  void said(std::size_t node, const node::Node& core, NodeId to, const wire::GroupMessage& one);
  void check_vote_request(std::size_t node, const node::Node& core, GroupId group,
                          const raft::VoteRequest& asked);
  void check_vote_reply(std::size_t node, NodeId to, GroupId group, const raft::VoteReply& reply);
  /// What the disk of `node` holds or, if that was destroyed meanwhile, held: promises of before may leave
  /// yet.
  const node::StoredGroup* promised(std::size_t node, GroupId group) const;
  void check_append_reply(std::size_t node, GroupId group, const raft::AppendReply& reply);
  void apply(std::size_t node, const node::Node& core, const node::ApplyTask& task);
  void config_committed(GroupId group, const raft::Entry& entry);
  void leads(std::size_t node, const node::Node& core, GroupId group, Term term);
  void check_own_term(std::size_t node, const raft::Group& group);
  void check_majority(std::size_t node, const raft::Group& group, const raft::Entry& entry);
  void check_config(std::size_t node, const raft::Group& group);
  bool on_quorum_of(const raft::Group& replica, raft::Position position) const;
  bool on_quorum(const raft::Config& config, GroupId group, raft::Position position) const;
  void collect();
  // MoveJudge::Evidence
  std::uint32_t machines() const override { return static_cast<std::uint32_t>(logs_.size()); }
  bool running(NodeId node) const override { return cores_ && cores_(node.value - 1) != nullptr; }
  const node::StoredGroup* log_of(NodeId node, GroupId group) const override;
  bool durable(const raft::Config& config, GroupId group, raft::Position entry) const override {
    return on_quorum(config, group, entry);
  }
  std::int64_t now_ns() const override { return schedule_.now(); }
  std::int64_t quiet_ns() const override { return quiet_since_ ? schedule_.now() - quiet_since_() : 0; }

  Schedule& schedule_;
  std::vector<std::unique_ptr<Eyes>> eyes_;
  std::vector<const LogDisk*> logs_;
  std::function<const node::Node*(std::size_t)> cores_;
  std::function<std::int64_t()> quiet_since_;
  MoveJudge moves_;
  RosterJudge roster_;
  ExchangeJudge exchange_;
  std::map<GroupId, PerGroup> groups_;
  raft::ClusterChecker replicas_;
  std::optional<Violation> violation_;
};

}  // namespace nodedb::sim
