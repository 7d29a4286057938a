// SPDX-License-Identifier: Apache-2.0
// Members on their way in and out: what operators ask for, and on the leader of group 0 what keeps the
// cluster as it is wanted (reconciler.h).
#include <algorithm>
#include <utility>

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
  return std::holds_alternative<meta::MemberLost>(entry) ||
         std::holds_alternative<meta::RecoveryStart>(entry) ||
         std::holds_alternative<meta::SettingChange>(entry) ||
         std::holds_alternative<meta::AuthorityStage>(entry) ||
         std::holds_alternative<meta::AuthorityFinalise>(entry) ||
         std::holds_alternative<meta::TokenCreate>(entry) || std::holds_alternative<meta::TokenRevoke>(entry);
}

std::vector<meta::SingleEntry> singles(const meta::MetaEntry& entry) {
  if (const auto* batch = std::get_if<meta::MetaBatch>(&entry)) return batch->entries;
  std::vector<meta::SingleEntry> one;
  const auto add = [&](const auto& it) {
    if constexpr (!std::is_same_v<std::decay_t<decltype(it)>, meta::MetaBatch>) one.emplace_back(it);
  };
  std::visit(add, entry);
  return one;
}

/// Asked before group 0 is, as a courtesy: it decides by the number of members alone, here zones, room and
/// the vShards' living voters count, too.
Result<void> may_leave(const meta::Tables& tables, const std::vector<meta::SingleEntry>& entries) {
  std::vector<NodeId> nodes;
  for (const meta::SingleEntry& entry : entries) {
    const auto* change = std::get_if<meta::MemberChange>(&entry);
    if (change == nullptr || change->wanted != meta::MemberState::leaving) continue;
    const auto member = tables.members.find(change->node);
    if (member == tables.members.end() || member->second.state == meta::MemberState::retired) continue;
    if (!contains(nodes, change->node)) nodes.push_back(change->node);
  }
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
  const std::vector<meta::SingleEntry> entries = singles(event.entry);
  Result<void> may = may_leave(tables, entries);
  if (options.bugs.moves.too_few_stay) may = {};
  for (const meta::SingleEntry& entry : entries)
    if (may) may = may_recover(entry);
  if (!may) {
    answer_operator(event.tag, std::unexpected(may.error()));
    return;
  }
  meta::stamp(event.entry, {wall_ms(), event.actor});
  if (const auto* setting = std::get_if<meta::SettingChange>(&event.entry);
      setting != nullptr && options.bugs.moves.settings_by_arrival) {
    tables.setting_rows[setting->name] = setting->value;
    tables.settings = meta::settings_in(tables.setting_rows);
  }
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

void Node::State::handle(Rebalance event) {
  if (!identity) {
    answer_operator(event.tag, fail(Code::not_initialised, "the cluster has not been formed: run init"));
    return;
  }
  if (!leads_metadata()) {
    answer_operator(event.tag, fail(Code::not_leader, "another node leads the metadata group"));
    return;
  }
  if (tables.settings.rebalance_paused != 0) {
    answer_operator(event.tag, fail(Code::invalid_state,
                                    "rebalance.paused is on: run nodedb-cluster rebalance resume first"));
    return;
  }
  reconciler.rebalance_now();
  const std::uint64_t ticket = ++last_ticket;
  questions.emplace(ticket, Asked{event.tag});
  write_metadata(ticket, meta::AuditNote{"rebalance once", {wall_ms(), event.actor}});
}

void Node::State::handle(NoteDown event) {
  if (!identity) {
    answer_operator(event.tag, fail(Code::not_initialised, "the cluster has not been formed: run init"));
    return;
  }
  const std::uint64_t ticket = ++last_ticket;
  questions.emplace(ticket, Asked{event.tag});
  write_metadata(ticket, meta::AuditNote{std::move(event.what), {wall_ms(), event.actor}});
}

bool Node::State::in_touch(NodeId node) const {
  return node == self || (connected(node) && !silent.contains(node));
}

Reconciler::Surroundings Node::State::reconciler_surroundings() {
  return {tables,
          [this](NodeId node) { return in_touch(node); },
          [this](VShardId vshard) { return loads.of(now.mono, vshard); },
          [this] { return Uuid::v4(rng); },
          hlc.now(now.wall),
          own_stamp(),
          [this](NodeId node) {
            const raft::Group& metadata = replica(metadata_group)->raft;
            return metadata.config().is_voter(node) || !metadata.config_committed() || driver.counts_in(node);
          }};
}

void Node::State::find_retired() {
  const auto me = tables.members.find(self);
  if (me != tables.members.end() && me->second.state == meta::MemberState::retired) retire();
}

/// Nothing of what it holds counts any more, whether it had given it away or was given up.
void Node::State::retire() {
  if (std::exchange(retired, true)) return;
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
  const auto learned = [&](NodeId node) { return caught_up(metadata, node); };
  const auto may_go = [&](NodeId node) {
    return !in_touch(node) || driver.has_applied(node, metadata.applied);
  };
  auto voters =
      options.bugs.moves.metadata_votes_kept ? config.voters : metadata_voters(tables, config.voters, usable);
  // Who leads keeps its vote until somebody who stays has come in and can lead instead.
  const bool goes = !contains(voters, self);
  if (goes) voters.insert(std::ranges::upper_bound(voters, self), self);
  if (const auto next = next_metadata_config(config, tables, voters, learned, may_go))
    return change(metadata, *next);
  if (!goes) return;
  // By now the other voters are those who stay. One that drains would hand it back to a node that does not.
  const auto successor = is_told_to_drain(self) ? any_successor(metadata) : best_successor(metadata);
  if (!successor) return;
  (void)metadata.raft.transfer(now.mono, *successor);  // if it cannot be now it is tried again
  touch(metadata_group);
}

}  // namespace nodedb::node
