// SPDX-License-Identifier: Apache-2.0
#include "sim/oracle.h"

#include <algorithm>
#include <utility>

#include "raft/quorum.h"

namespace nodedb::sim {

namespace {

std::string at(GroupId group) {
  return "group " + std::to_string(group.value);
}

std::string text(raft::Position p) {
  return "index " + std::to_string(p.index.value) + " term " + std::to_string(p.term.value);
}

}  // namespace

struct Oracle::Eyes final : LogDisk::Witness, StateDisk::Witness {
  Eyes(Oracle& oracle, std::size_t node, const StateDisk& disk) : owner(oracle), number(node), state(disk) {}
  void log_written(const node::GroupLogUpdate& update, const node::StoredGroup* stored) override {
    owner.log_written(number, update, stored);
  }
  void state_moved(GroupId group, raft::Position before, raft::Position after, std::uint64_t digest,
                   bool installed) override {
    owner.state_moved(number, group, before, after, digest, installed, state);
  }
  Oracle& owner;
  std::size_t number;
  const StateDisk& state;
};

Oracle::Oracle(Schedule& schedule, Judges judges)
    : schedule_(schedule), moves_(*this, judges.moves), roster_(*this, judges.roster), exchange_(*this) {}
Oracle::~Oracle() = default;

void Oracle::watch(LogDisk& log, StateDisk& state) {
  eyes_.push_back(std::make_unique<Eyes>(*this, eyes_.size(), state));
  log.set_witness(eyes_.back().get());
  state.set_witness(eyes_.back().get());
  logs_.push_back(&log);
}

void Oracle::complain(std::string rule, std::string what) {
  if (!violation_) violation_ = Violation{std::move(rule), std::move(what), schedule_.now()};
}

void Oracle::collect() {
  if (violation_ || !replicas_.broken()) return;
  const std::string& what = *replicas_.broken();
  const std::size_t rule = what.find(": ");
  complain(rule == std::string::npos ? "R" : what.substr(rule + 2, 2), what);
}

// --- disks ---

void Oracle::log_written(std::size_t node, const node::GroupLogUpdate& update,
                         const node::StoredGroup* stored) {
  if (update.destroy) {
    if (stored != nullptr) {
      schedule_.mark("replica-destroyed");
      groups_[update.group].graves.insert_or_assign(node, *stored);
      moves_.destroyed(id_of(node), update.group);
    }
    replicas_.destroyed(update.group, id_of(node));
    return;
  }
  if (stored == nullptr) groups_[update.group].graves.erase(node);
  if (update.hard) replicas_.persisted(update.group, id_of(node), *update.hard);
  if (stored != nullptr && update.truncate_from) {
    if (*update.truncate_from <= last_of(*stored).index) schedule_.mark("log-truncated");
    check_truncation(node, update, *stored);
  }
  if (stored != nullptr && update.base && update.base->at.index > stored->base.at.index)
    schedule_.mark("log-compacted");
  raft::Position previous = update.base ? update.base->at : raft::Position();
  if (stored != nullptr && !update.append.empty()) {
    const Index before = update.append.front().index - 1;
    if (previous.index != before) {
      const auto entry = std::ranges::find(stored->log, before, &raft::Entry::index);
      previous = entry != stored->log.end() ? raft::Position{entry->index, entry->term} : stored->base.at;
    }
  }
  for (const raft::Entry& entry : update.append) {
    replicas_.appended(update.group, id_of(node), entry, previous.term);
    previous = {entry.index, entry.term};
  }
  collect();
}

void Oracle::check_truncation(std::size_t node, const node::GroupLogUpdate& update,
                              const node::StoredGroup& stored) {
  const std::map<Index, Term>& committed = groups_[update.group].committed;
  for (const raft::Entry& entry : stored.log) {
    if (entry.index < *update.truncate_from) continue;
    const auto known = committed.find(entry.index);
    if (known == committed.end() || known->second != entry.term) continue;
    const auto again = std::ranges::find(update.append, entry.index, &raft::Entry::index);
    if (again != update.append.end() && again->term == entry.term) continue;
    if (update.base && update.base->at.index >= entry.index) continue;
    complain("R3", at(update.group) + ": " + name_of(node) + " drops the committed " +
                       text({entry.index, entry.term}));
  }
}

void Oracle::state_moved(std::size_t node, GroupId group, raft::Position before, raft::Position after,
                         std::uint64_t digest, bool installed, const StateDisk& state) {
  if (after.index < before.index || (after.index == before.index && !installed)) {
    complain("R5", at(group) + ": the state of " + name_of(node) + " goes from " + text(before) + " to " +
                       text(after));
  }
  if (installed && before.index > Index()) schedule_.mark("snapshot-installed");
  const auto [known, fresh] = groups_[group].digests.emplace(after.index, digest);
  if (!fresh && known->second != digest) {
    complain("R6", at(group) + ": the state of " + name_of(node) + " at " + text(after) +
                       " differs from another replica's");
  }
  if (group == metadata_group) {
    moves_.applied(id_of(node), after.index, *state.rows(group));
    roster_.applied(after.index, *state.rows(group));
    exchange_.applied(after.index, *state.rows(group));
  }
  collect();
}

void Oracle::booted(std::size_t node, const node::Node& core) {
  for (const auto& [id, facts] : groups_) {
    const raft::Group* group = core.group(id);
    if (group == nullptr) continue;
    const raft::HardState hard{group->term(), group->vote(), group->commit()};
    replicas_.restarted(id, id_of(node), hard, group->applied());
  }
  collect();
}

// --- messages ---

void Oracle::sent(std::size_t node, const node::Node& core, std::size_t to,
                  const wire::PeerMessage& message) {
  if (const auto* bundle = std::get_if<wire::RaftBundle>(&message)) {
    for (const wire::GroupMessage& one : bundle->messages) said(node, core, id_of(to), one);
  } else if (const auto* pulse = std::get_if<raft::Pulse>(&message)) {
    for (const raft::Claim& claim : pulse->claims) {
      if (claim.leading) leads(node, core, claim.group, claim.term);
    }
  }
  collect();
}

void Oracle::said(std::size_t node, const node::Node& core, NodeId to, const wire::GroupMessage& one) {
  if (const auto* asked = std::get_if<raft::VoteRequest>(&one.message)) {
    check_vote_request(node, core, one.group, *asked);
  } else if (const auto* vote = std::get_if<raft::VoteReply>(&one.message)) {
    check_vote_reply(node, to, one.group, *vote);
  } else if (const auto* append = std::get_if<raft::Append>(&one.message)) {
    leads(node, core, one.group, append->term);
  } else if (const auto* reply = std::get_if<raft::AppendReply>(&one.message)) {
    check_append_reply(node, one.group, *reply);
  }
}

void Oracle::leads(std::size_t node, const node::Node& core, GroupId group, Term term) {
  replicas_.elected(group, term, id_of(node));
  const raft::Group* own = core.group(group);
  if (own == nullptr || own->term() != term) return;
  if (groups_[group].inherited.try_emplace(term, own->commit()).second) schedule_.mark("leader-elected");
}

/// Terms rise only if a quorum wanted them to (thesis, section 9.6): else a node that comes back from
/// isolation would depose a healthy leader.
void Oracle::check_vote_request(std::size_t node, const node::Node& core, GroupId group,
                                const raft::VoteRequest& asked) {
  if (asked.pre || asked.transfer) return;
  const raft::Group* own = core.group(group);
  if (own == nullptr || own->term() != asked.term) return;
  const std::set<NodeId>& wanted_by = groups_[group].encouraged[{asked.term, id_of(node)}];
  const auto ballot = [&](NodeId voter) {
    return voter == id_of(node) || wanted_by.contains(voter) ? raft::Ballot::granted : raft::Ballot::missing;
  };
  // A full disk may have held the request back, and a config of the new term's leader come meanwhile: what
  // counts is the log that the candidate had.
  const bool still_there = own->term_at(asked.last.index) == asked.last.term;
  const raft::Config asked_by = still_there ? own->config_at(asked.last.index) : own->config();
  if (raft::joint_vote(asked_by, ballot) != raft::VoteResult::won) {
    complain("C6", at(group) + ": " + name_of(node) + " raises the term to " +
                       std::to_string(asked.term.value) + " though no quorum encouraged it");
  }
}

void Oracle::check_vote_reply(std::size_t node, NodeId to, GroupId group, const raft::VoteReply& reply) {
  if (!reply.granted) return;
  PerGroup& in = groups_[group];
  if (reply.pre) {
    in.encouraged[{reply.term, to}].insert(id_of(node));
    return;
  }
  const auto [given, fresh] = in.grants.emplace(std::pair(reply.term, id_of(node)), to);
  if (!fresh && given->second != to) {
    complain("R4",
             at(group) + ": " + name_of(node) + " votes twice in term " + std::to_string(reply.term.value));
  }
  const node::StoredGroup* stored = promised(node, group);
  const bool durable = stored != nullptr && (stored->hard.term > reply.term ||
                                             (stored->hard.term == reply.term && stored->hard.vote == to));
  if (!durable) {
    complain("R4", at(group) + ": " + name_of(node) + " gives its vote in term " +
                       std::to_string(reply.term.value) + " before that is durable");
  }
}

const node::StoredGroup* Oracle::promised(std::size_t node, GroupId group) const {
  if (const node::StoredGroup* stored = logs_[node]->group(group)) return stored;
  const auto facts = groups_.find(group);
  if (facts == groups_.end()) return nullptr;
  const auto grave = facts->second.graves.find(node);
  return grave == facts->second.graves.end() ? nullptr : &grave->second;
}

void Oracle::check_append_reply(std::size_t node, GroupId group, const raft::AppendReply& reply) {
  if (!reply.success) return;
  const node::StoredGroup* stored = promised(node, group);
  // In a later term its entries may be cut off again by the very write that let the promise go: who gave it
  // did so before it voted, or follows, in that term.
  const bool durable =
      stored != nullptr && (stored->hard.term > reply.term ||
                            (stored->hard.term == reply.term && last_of(*stored).index >= reply.match));
  if (durable) return;
  complain("R4", at(group) + ": " + name_of(node) + " acknowledges index " +
                     std::to_string(reply.match.value) + " in term " + std::to_string(reply.term.value) +
                     " before that is durable");
}

// --- entries ---

void Oracle::handed_out(std::size_t node, const node::Node& core, const node::StateTask& task) {
  if (const auto* entries = std::get_if<node::ApplyTask>(&task)) apply(node, core, *entries);
  if (const auto* install = std::get_if<node::InstallTask>(&task)) {
    replicas_.snapshot(install->group, id_of(node), install->at);
  }
  collect();
}

void Oracle::apply(std::size_t node, const node::Node& core, const node::ApplyTask& task) {
  for (const node::GroupEntries& one : task.groups) {
    const raft::Group* group = core.group(one.group);
    std::map<Index, Term>& committed = groups_[one.group].committed;
    for (const raft::Entry& entry : one.entries) {
      const bool first = committed.emplace(entry.index, entry.term).second;
      if (first && entry.kind == raft::EntryKind::config) config_committed(one.group, entry);
      if (first && group != nullptr) check_majority(node, *group, entry);
      replicas_.applied(one.group, id_of(node), entry);
    }
    if (group != nullptr) check_config(node, *group);
    if (group != nullptr) check_own_term(node, *group);
  }
}

void Oracle::config_committed(GroupId group, const raft::Entry& entry) {
  schedule_.mark("config-committed");
  if (const auto config = raft::decode_config(entry.payload.view())) {
    moves_.committed(group, entry.index, *config);
  }
}

const node::StoredGroup* Oracle::log_of(NodeId node, GroupId group) const {
  return node.value - 1 < logs_.size() ? logs_[node.value - 1]->group(group) : nullptr;
}

/// A leader commits by counting replicas only entries of its own term, others through them (paper, 5.4.2).
void Oracle::check_own_term(std::size_t node, const raft::Group& group) {
  if (group.role() != raft::Role::leader) return;
  const std::map<Term, Index>& inherited = groups_[group.id()].inherited;
  const auto known = inherited.find(group.term());
  if (known == inherited.end() || group.commit() <= known->second) return;
  const auto term = group.term_at(group.commit());
  if (!term || *term == group.term()) return;
  complain("R3", at(group.id()) + ": " + name_of(node) + ", leader of term " +
                     std::to_string(group.term().value) + ", commits " + text({group.commit(), *term}) +
                     " by counting");
}

bool Oracle::on_quorum(const raft::Config& config, GroupId group, raft::Position position) const {
  const auto ballot = [&](NodeId voter) {
    const node::StoredGroup* stored = log_of(voter, group);
    return stored != nullptr && holds(*stored, position) ? raft::Ballot::granted : raft::Ballot::rejected;
  };
  return raft::joint_vote(config, ballot) == raft::VoteResult::won;
}

/// By any config that has been in force in this replica's log since.
bool Oracle::on_quorum_of(const raft::Group& replica, raft::Position position) const {
  if (on_quorum(replica.config(), replica.id(), position)) return true;
  const Index from = std::max(position.index, replica.base().index);
  for (Index i = from; i <= replica.last().index; ++i) {
    if (on_quorum(replica.config_at(i), replica.id(), position)) return true;
  }
  return false;
}

/// Somebody knows that the entry is committed: then a quorum must have it on disk, by a config that was in
/// force for the leader since; which may not have come further than its own log yet.
void Oracle::check_majority(std::size_t node, const raft::Group& group, const raft::Entry& entry) {
  const raft::Position position{entry.index, entry.term};
  if (on_quorum_of(group, position)) return;
  for (std::size_t other = 0; other < logs_.size(); ++other) {
    const node::Node* core = cores_ ? cores_(other) : nullptr;
    const raft::Group* replica = core == nullptr ? nullptr : core->group(group.id());
    if (replica != nullptr && on_quorum_of(*replica, position)) return;
  }
  complain("R3", at(group.id()) + ": " + name_of(node) + " applies " + text(position) +
                     ", which is not durable on a quorum");
}

/// Config changes take effect on append and roll back on truncation: in force is the latest in the log.
void Oracle::check_config(std::size_t node, const raft::Group& group) {
  const node::StoredGroup* stored = logs_[node]->group(group.id());
  if (stored == nullptr || last_of(*stored) != group.last()) return;
  for (auto entry = stored->log.rbegin(); entry != stored->log.rend(); ++entry) {
    if (entry->kind != raft::EntryKind::config) continue;
    const auto config = raft::decode_config(entry->payload.view());
    if (config && *config == group.config()) return;
    complain("R7", at(group.id()) + ": the config in force on " + name_of(node) + " is not the one at " +
                       text({entry->index, entry->term}) + " of its log");
    return;
  }
  if (stored->base.config != group.config()) {
    complain("R7", at(group.id()) + ": the config in force on " + name_of(node) + " is not in its log");
  }
}

}  // namespace nodedb::sim
