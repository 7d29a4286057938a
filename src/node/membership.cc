// SPDX-License-Identifier: Apache-2.0
// Members on their way in and out: what operators ask for, and on the leader of group 0 what keeps the
// cluster as it is wanted (reconciler.h).
#include <algorithm>

#include "base/node_list.h"
#include "node/state.h"

namespace nodedb::node {

namespace {

/// The rest is the nodes' own business: an operator who forged it could make the cluster forget replicas.
bool by_operators(const meta::MetaEntry& entry) {
  if (const auto* batch = std::get_if<meta::MetaBatch>(&entry)) {
    return std::ranges::all_of(batch->entries, [](const meta::SingleEntry& one) {
      return std::visit([](const auto& inner) { return by_operators(meta::MetaEntry(inner)); }, one);
    });
  }
  if (const auto* change = std::get_if<meta::MemberChange>(&entry))
    return change->wanted != meta::MemberState::retired;
  return std::holds_alternative<meta::SettingChange>(entry) ||
         std::holds_alternative<meta::AuthorityStage>(entry) ||
         std::holds_alternative<meta::AuthorityFinalise>(entry) ||
         std::holds_alternative<meta::TokenCreate>(entry) || std::holds_alternative<meta::TokenRevoke>(entry);
}

/// Asked before group 0 is, as a courtesy: it decides by the number of members alone, here zones, room and
/// the vShards' living voters count, too.
Result<void> may_leave(const meta::Tables& tables, const meta::MetaEntry& entry) {
  std::vector<NodeId> nodes;
  const auto note = [&](const auto& one) {
    if constexpr (std::is_same_v<std::decay_t<decltype(one)>, meta::MemberChange>) {
      if (one.wanted == meta::MemberState::leaving && tables.members.contains(one.node))
        nodes.push_back(one.node);
    }
  };
  std::visit(note, entry);
  if (const auto* batch = std::get_if<meta::MetaBatch>(&entry))
    for (const meta::SingleEntry& one : batch->entries) std::visit(note, one);
  if (nodes.empty()) return {};
  std::string why;
  for (const meta::Complaint& complaint : removal_complaints(tables, nodes))
    why += (why.empty() ? "" : "; ") + std::string(meta::name(complaint.constraint)) + ": " + complaint.text;
  if (why.empty()) return {};
  return fail(Code::invalid_state, "this cannot be: " + why);
}

}  // namespace

void Node::State::handle(Administer event) {
  if (!identity) {
    answer_operator(event.tag, fail(Code::not_initialised, "the cluster has not been formed: run init"));
    return;
  }
  if (!by_operators(event.entry)) {
    answer_operator(event.tag,
                    fail(Code::forbidden, "operators change members, settings, tokens and authorities only"));
    return;
  }
  if (auto leave = may_leave(tables, event.entry); !leave) {
    answer_operator(event.tag, std::unexpected(leave.error()));
    return;
  }
  meta::stamp(event.entry, {wall_ms(), event.actor});
  const std::uint64_t ticket = ++last_ticket;
  questions.emplace(ticket, Asked{.tag = event.tag});
  write_metadata(ticket, event.entry);
}

void Node::State::handle(ClaimToken event) {
  if (!identity) {
    answer_operator(event.tag, fail(Code::not_initialised, "the cluster has not been formed yet"));
    return;
  }
  event.claim.by = {wall_ms(), "newcomer at " + event.from};
  const std::uint64_t ticket = ++last_ticket;
  questions.emplace(ticket, Asked{.tag = event.tag, .claims = true});
  write_metadata(ticket, event.claim);
}

bool Node::State::in_touch(NodeId node) const {
  return node == self || (connected(node) && !silent.contains(node));
}

Reconciler::Surroundings Node::State::reconciler_surroundings() {
  return {tables,
          [this](NodeId node) { return in_touch(node); },
          {},
          [this] { return Uuid::v4(rng); },
          hlc.now(now.wall),
          own_stamp()};
}

void Node::State::find_retired() {
  const auto me = tables.members.find(self);
  if (retired || me == tables.members.end() || me->second.state != meta::MemberState::retired) return;
  retired = true;
  notice(
      "this node has been retired for ever: nothing of the cluster's is on it any more. Its data directory "
      "may be deleted; to use the machine again, give it an empty one and a new certificate");
}

/// Pre: this node drives.
void Node::State::reconcile() {
  if (!drive_wanted && reconciler.deadline() > now.mono) return;
  tend_metadata();
  for (const meta::MetaEntry& entry : reconciler.reconcile(now.mono, reconciler_surroundings()))
    write_metadata(std::nullopt, entry);
}

/// Group 0 has voters that stay, and every other member as a learner.
void Node::State::tend_metadata() {
  Replica& metadata = *replica(metadata_group);
  const raft::Config& config = metadata.raft.config();
  if (!metadata.raft.config_committed() || metadata.raft.transferring_to()) return;
  const auto usable = [this](NodeId node) { return !reconciler.is_lost(now.mono, tables, node); };
  const auto caught_up = [&](NodeId node) {
    return std::ranges::any_of(metadata.raft.followers(), [&](const raft::Group::Follower& follower) {
      return follower.node == node && follower.state == raft::Group::Follower::State::stream &&
             follower.match.value + 64 >= metadata.raft.last().index.value;
    });
  };
  const auto may_go = [&](NodeId node) {
    return !in_touch(node) || driver.has_applied(node, metadata.applied);
  };
  const auto voters = metadata_voters(tables, config.voters, usable);
  if (!contains(voters, self)) return;  // it gives the leadership away first
  if (const auto next = next_metadata_config(config, tables, voters, caught_up, may_go))
    change(metadata, *next);
}

}  // namespace nodedb::node
