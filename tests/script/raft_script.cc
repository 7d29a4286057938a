// SPDX-License-Identifier: Apache-2.0
#include "tests/script/raft_script.h"

#include <algorithm>

namespace nodedb::raft::script {

namespace {

constexpr GroupId group_id{7};

std::uint32_t number(const std::string& word) {
  return static_cast<std::uint32_t>(std::stoul(word));
}

std::pair<std::uint32_t, std::uint32_t> link(const std::string& word) {
  const auto arrow = word.find('>');
  return {number(word.substr(0, arrow)), number(word.substr(arrow + 1))};
}

bool chosen(const std::vector<std::string>& links, std::uint32_t from, std::uint32_t to) {
  if (links.empty()) return true;
  return std::ranges::any_of(links,
                             [&](const std::string& word) { return link(word) == std::pair(from, to); });
}

std::string text(Role role) {
  switch (role) {
    case Role::follower:
      return "follower";
    case Role::pre_candidate:
      return "pre-candidate";
    case Role::candidate:
      return "candidate";
    case Role::leader:
      return "leader";
  }
  return "";
}

std::string text(const Entry& entry) {
  std::string out = std::to_string(entry.index.value) + "/" + std::to_string(entry.term.value);
  switch (entry.kind) {
    case EntryKind::noop:
      return out + " noop";
    case EntryKind::command:
      return out + " " + std::string(entry.payload.view());
    case EntryKind::config:
      return out + " " + script::text(*decode_config(entry.payload.view()));
  }
  return out;
}

std::string text(Group::Follower::State state) {
  switch (state) {
    case Group::Follower::State::probe:
      return "probe";
    case Group::Follower::State::stream:
      return "stream";
    case Group::Follower::State::snapshot:
      return "snapshot";
  }
  return "";
}

}  // namespace

std::string World::run(const std::string& command) {
  out_.str({});
  std::istringstream in(command);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  const std::string verb = words.front();
  words.erase(words.begin());
  if (verb == "nodes") {
    boot_all(words);
  } else if (verb == "advance") {
    now_ = now_ + std::stoll(words.at(0)) * ns_per_ms;
  } else if (verb == "deliver") {
    deliver(words);
  } else if (verb == "drop") {
    drop(words);
  } else if (verb == "pulse") {
    pulse(link(words.at(0)).first, link(words.at(0)).second, true);
  } else if (verb == "snapshot") {
    snapshot(link(words.at(0)).first, link(words.at(0)).second, words.size() < 2);
  } else if (verb == "status") {
    status();
  } else if (!words.empty() && nodes_.contains(number(words[0]))) {
    const std::uint32_t id = number(words[0]);
    node_command(verb, id, Words(words.begin() + 1, words.end()));
    drain(id);
  } else {
    say("no such command");
  }
  return out_.str();
}

void World::boot_all(const Words& words) {
  Config config;
  std::vector<std::uint32_t> blank;
  std::string kind;
  for (const std::string& word : words) {
    if (word == "learner" || word == "blank") {
      kind = word;
    } else if (kind.empty()) {
      config.voters.push_back(NodeId(number(word)));
    } else if (kind == "learner") {
      config.learners.push_back(NodeId(number(word)));
    } else {
      blank.push_back(number(word));
    }
  }
  const Position genesis{Index(1), Term(1)};
  for (const NodeId member : config.members()) {
    nodes_[member.value].disk =
        Restored{HardState{Term(1), NodeId(), Index(1)}, genesis, config, {}, Index(1)};
  }
  options_.check_rules = true;
  for (const std::uint32_t id : blank) nodes_[id];
  for (const auto& [id, node] : nodes_) boot(id);
}

void World::boot(std::uint32_t id) {
  Node& node = nodes_.at(id);
  ++node.incarnation;
  node.writing.clear();
  node.slow = false;
  node.live = std::make_unique<Liveness>(Incarnation(node.incarnation));
  node.group = std::make_unique<Group>(group_id, NodeId(id), options_, node.disk, Rng(id), Now{now_, {}});
  node.role = Role::follower;
  node.term = node.group->term();
  node.leader = NodeId();
  node.applied = node.group->applied();
  drain(id);
}

void World::node_command(const std::string& verb, std::uint32_t id, const Words& words) {
  Node& node = nodes_.at(id);
  Group& group = *node.group;
  if (verb == "wake") {
    if (group.deadline() > now_) say(id, "not due");
    group.wake(now_, *node.live);
  } else if (verb == "campaign") {
    group.campaign(now_);
  } else if (verb == "restart") {
    boot(id);
  } else if (verb == "silent") {
    group.peer_silent(now_, NodeId(number(words.at(0))), *node.live);
  } else if (verb == "propose") {
    std::vector<Blob> commands;
    for (const std::string& word : words) commands.push_back(Blob(Bytes(word)));
    report(id, group.propose(now_, std::move(commands)));
  } else if (verb == "read") {
    report(id, group.read_index(now_, number(words.at(0)), *node.live));
  } else if (verb == "transfer") {
    report(id, group.transfer(now_, NodeId(number(words.at(0)))));
  } else if (verb == "config") {
    config(id, words);
  } else if (verb == "force") {
    force(id, words);
  } else if (verb == "slow" || verb == "fast") {
    node.slow = verb == "slow";
  } else if (verb == "persist") {
    while (!node.writing.empty()) persist(id);
  } else if (verb == "applied") {
    node.disk.applied = group.applied();
  } else if (verb == "compact") {
    group.compact(node.disk.applied, number(words.at(0)));
    say(id,
        "log " + std::to_string(group.base().index.value) + ".." + std::to_string(group.last().index.value));
  } else {
    say("no such command");
  }
}

template <class T>
void World::report(std::uint32_t id, const Result<T>& result) {
  if (result) return;
  const std::string& detail = result.error().detail;
  say(id, "refused: " + std::string(name(result.error().code)) + (detail.empty() ? "" : ": " + detail));
}

void World::config(std::uint32_t id, const Words& words) {
  const Config& from = nodes_.at(id).group->config();
  std::vector<Change> changes;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const char op = words[i].front();
    changes.push_back(Change{op == 'v'   ? ChangeOp::add_voter
                             : op == 'l' ? ChangeOp::add_learner
                                         : ChangeOp::remove,
                             NodeId(number(words[i].substr(1)))});
  }
  const std::string& kind = words.at(0);
  const auto next = kind == "simple"  ? change_simple(from, changes)
                    : kind == "joint" ? enter_joint(from, false, changes)
                    : kind == "auto"  ? enter_joint(from, true, changes)
                    : kind == "leave" ? leave_joint(from)
                                      : leave_joint_back(from);
  if (!next) return report(id, next);
  report(id, nodes_.at(id).group->change_config(now_, *next));
}

void World::force(std::uint32_t id, const Words& words) {
  const auto slash = words.at(1).find('/');
  Forced forced{Term(number(words.at(0))),
                {Index(number(words[1].substr(0, slash))), Term(number(words[1].substr(slash + 1)))},
                {}};
  for (std::size_t i = 2; i < words.size(); ++i) forced.learners.push_back(NodeId(number(words[i])));
  Node& node = nodes_.at(id);
  report(id, node.group->force_config(now_, forced, *node.live));
}

void World::deliver(const Words& links) {
  std::size_t kept = 0;
  while (kept < waiting_.size()) {
    const Waiting next = waiting_[kept];
    if (!chosen(links, next.from, next.to)) {
      ++kept;
      continue;
    }
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(kept));
    say(std::to_string(next.from) + ">" + std::to_string(next.to) + " " + script::text(next.message));
    const auto to = nodes_.find(next.to);
    if (to == nodes_.end()) continue;
    to->second.live->heard(NodeId(next.from), now_);
    to->second.group->receive(now_, NodeId(next.from), next.message, *to->second.live);
    drain(next.to);
  }
}

void World::drop(const Words& links) {
  std::erase_if(waiting_, [&](const Waiting& each) {
    if (!chosen(links, each.from, each.to)) return false;
    say("dropped " + std::to_string(each.from) + ">" + std::to_string(each.to) + " " +
        script::text(each.message));
    return true;
  });
}

void World::pulse(std::uint32_t from, std::uint32_t to, bool echo) {
  Node& sender = nodes_.at(from);
  Node& receiver = nodes_.at(to);
  std::vector<Refusal> refusals;
  for (const auto& [claimed, term] : sender.live->claims_of(NodeId(to))) {
    if (sender.group->leader() == NodeId(to) && sender.group->term() == term) continue;
    refusals.push_back(Refusal{claimed, sender.group->term()});
  }
  const Pulse pulse_out = sender.live->make_pulse(
      NodeId(to), now_, false, refusals, [&](GroupId) { return sender.group->commit_for(NodeId(to)); });
  const auto received = receiver.live->receive(NodeId(from), pulse_out, now_);
  if (received.peer_restarted) receiver.group->peer_silent(now_, NodeId(from), *receiver.live);
  for (const Claim& claim : received.claims) receiver.group->claimed(now_, NodeId(from), claim);
  for (const Refusal& each : received.refusals) {
    say(to, "refused by " + std::to_string(from));
    receiver.group->refused(now_, NodeId(from), each.term);
  }
  receiver.group->support_changed(now_, *receiver.live);
  drain(to);
  if (echo) pulse(to, from, false);
}

void World::snapshot(std::uint32_t from, std::uint32_t to, bool ok) {
  Node& source = nodes_.at(from);
  if (ok) {
    const Index at = source.group->applied();
    const Position position{at, *source.group->term_at(at)};
    const Config config = source.group->config_at(at);
    Node& target = nodes_.at(to);
    target.disk.applied = at;
    target.applied = std::max(target.applied, at);
    target.group->installed_snapshot(now_, position, config, NodeId(from));
    drain(to);
  }
  source.group->snapshot_sent(now_, NodeId(to), ok);
  drain(from);
}

void World::status() {
  for (const auto& [id, node] : nodes_) {
    const Group& group = *node.group;
    say(id, text(group.role()) + " term=" + std::to_string(group.term().value) + " vote=" +
                std::to_string(group.vote().value) + " leader=" + std::to_string(group.leader().value) +
                " log=" + std::to_string(group.base().index.value) + ".." +
                std::to_string(group.last().index.value) + " commit=" + std::to_string(group.commit().value) +
                " timer=" + (group.deadline() == never ? "off" : "on") + " " + script::text(group.config()));
    for (const auto& each : group.followers()) {
      say("   " + std::to_string(each.node.value) + " " + text(each.state) +
          " match=" + std::to_string(each.match.value) + (each.learner ? " learner" : ""));
    }
  }
}

// --- the group's work ---

void World::drain(std::uint32_t id) {
  Node& node = nodes_.at(id);
  while (node.group->has_work()) {
    report_role(id);
    take(id, node.group->take_work());
  }
  report_role(id);
}

void World::report_role(std::uint32_t id) {
  Node& node = nodes_.at(id);
  const Group& group = *node.group;
  if (node.role == Role::leader && (group.role() != Role::leader || group.term() != node.term)) {
    node.live->disclaim(group_id, node.term);
  }
  if (group.role() == Role::leader) node.live->claim(group_id, group.term());
  if (group.role() == node.role && group.term() == node.term && group.leader() == node.leader) return;
  node.role = group.role();
  node.term = group.term();
  node.leader = group.leader();
  const bool follows = node.role == Role::follower && node.leader != NodeId();
  say(id, text(node.role) + (follows ? " of " + std::to_string(node.leader.value) : "") +
              " term=" + std::to_string(node.term.value));
}

void World::take(std::uint32_t id, Work work) {
  Node& node = nodes_.at(id);
  if (work.commit_rose) node.live->touch(group_id);
  send(id, work.send_now);
  for (const Entry& entry : work.apply) {
    say(id, "apply " + text(entry));
    node.group->applied(entry.index);
  }
  for (const ReadGrant& grant : work.reads) {
    say(id, "read " + std::to_string(grant.context) +
                (grant.granted ? " granted at " + std::to_string(grant.index.value) : " refused"));
  }
  for (const Decided& each : work.lost) {
    say(id, "lost " + std::to_string(each.index.value) + "/" + std::to_string(each.term.value));
  }
  for (const NodeId to : work.snapshot_to) say(id, "snapshot for " + std::to_string(to.value));
  if (work.wants_round) say(id, "wants a round of pulses");
  if (!work.must_persist()) return send(id, work.send_after);
  node.writing.push_back(Batch{std::move(work), node.group->last()});
  if (!node.slow) persist(id);
}

void World::persist(std::uint32_t id) {
  Node& node = nodes_.at(id);
  const Batch batch = std::move(node.writing.front());
  node.writing.pop_front();
  Restored& disk = node.disk;
  const Work& work = batch.work;
  if (work.hard_state) disk.hard = *work.hard_state;
  if (work.truncate_from) {
    say(id, "truncate from " + std::to_string(work.truncate_from->value));
    std::erase_if(disk.log, [&](const Entry& entry) { return entry.index >= *work.truncate_from; });
  }
  for (const Entry& entry : work.append) say(id, "persist " + text(entry));
  disk.log.insert(disk.log.end(), work.append.begin(), work.append.end());
  if (work.compact_to && work.compact_to->index > disk.base.index) {
    std::erase_if(disk.log, [&](const Entry& entry) { return entry.index <= work.compact_to->index; });
    disk.base = *work.compact_to;
    disk.base_config = node.group->config_at(disk.base.index);
  }
  send(id, work.send_after);
  node.group->persisted(now_, batch.last);
}

void World::send(std::uint32_t from, const std::vector<Envelope>& envelopes) {
  for (const Envelope& each : envelopes) waiting_.push_back(Waiting{from, each.to.value, each.message});
}

}  // namespace nodedb::raft::script
