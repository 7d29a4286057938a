// SPDX-License-Identifier: Apache-2.0
#include "sim/membership_nemesis.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/node_list.h"

namespace nodedb::sim {

namespace {

using meta::MemberState;

constexpr std::string_view repair_after = "repair.after";
/// By then all have found each other again.
constexpr std::int64_t settling_ns = 5 * ns_per_s;

}  // namespace

MembershipNemesis::MembershipNemesis(const Climate& climate, Schedule& schedule, Power& power, Oracle& oracle,
                                     Rng rng)
    : climate_(climate), schedule_(schedule), power_(power), oracle_(oracle), rng_(rng) {}

void MembershipNemesis::start() {
  ask(meta::SettingChange{std::string(repair_after), std::to_string(rng_.between(2, 10)) + "s"});
  next();
}

void MembershipNemesis::next() {
  const std::int64_t mean = climate_.change_every_ns;
  schedule_.after(mean / 8 + rng_.between(0, mean * 7 / 4), [this] {
    if (stopped_) return;
    strike();
    next();
  });
}

void MembershipNemesis::strike() {
  schedule_.mark(name(Fault::members));
  switch (rng_.below(13)) {
    case 0:
      return join();
    case 1:
      return lose(false);
    case 2:
      return lose(true);
    case 3:
      return be_away();
    case 4:
      return drain();
    case 5:
    case 6:
      return decommission();
    case 7:
      return recommission();
    case 8:
      return replace();
    case 9:
    case 10:
      return change_setting();
    case 11:
      return rebalance();
    default:
      return use_token();
  }
}

// --- machines ---

std::optional<std::size_t> MembershipNemesis::reserve() const {
  for (std::size_t node = climate_.nodes; node < climate_.machines(); ++node) {
    if (!power_.started(node)) return node;
  }
  return std::nullopt;
}

void MembershipNemesis::join() {
  if (const auto node = reserve()) power_.bring(*node);
}

/// What the node goes by, in its memory or, while it is down, on its disk.
std::optional<raft::Config> MembershipNemesis::config_on(std::size_t node, GroupId group) {
  Host& host = power_.host(node);
  if (const node::Node* core = host.core()) {
    const raft::Group* replica = core->group(group);
    return replica == nullptr ? std::nullopt : std::optional(replica->config());
  }
  const node::StoredGroup* stored = host.log().group(group);
  if (stored == nullptr) return std::nullopt;
  for (auto entry = stored->log.rbegin(); entry != stored->log.rend(); ++entry) {
    if (entry->kind != raft::EntryKind::config) continue;
    if (auto config = raft::decode_config(entry->payload.view())) return *config;
  }
  return stored->base.config;
}

bool MembershipNemesis::survives(const raft::Config& config, std::size_t without) const {
  const auto stay = [&](const std::vector<NodeId>& voters) {
    const auto left = std::ranges::count_if(
        voters, [&](NodeId voter) { return voter != id_of(without) && !power_.gone(voter.value - 1); });
    return voters.empty() || 2 * static_cast<std::size_t>(left) > voters.size();
  };
  return stay(config.voters) && stay(config.outgoing);
}

/// Every config that anybody goes by keeps a majority, and enough machines are left, or come, for the rest.
bool MembershipNemesis::may_lose(std::size_t node) {
  std::size_t able = 0;
  for (const NodeId member : members({MemberState::active, MemberState::draining})) {
    if (member != id_of(node) && !power_.gone(member.value - 1)) ++able;
  }
  if (able < climate_.replication) return false;
  for (std::uint32_t g = 0; g <= climate_.vshards; ++g) {
    for (std::size_t other = 0; other < climate_.machines(); ++other) {
      if (power_.gone(other)) continue;
      const auto config = config_on(other, GroupId(g));
      if (config && !survives(*config, node)) return false;
    }
  }
  return true;
}

void MembershipNemesis::lose(bool wiped) {
  const std::vector<NodeId> all = members({MemberState::active, MemberState::draining, MemberState::leaving});
  if (all.empty()) return;
  const std::size_t node = all[rng_.below(all.size())].value - 1;
  if (power_.gone(node) || !may_lose(node)) return;
  schedule_.mark(wiped ? "machine-wiped" : "machine-lost");
  if (!wiped) return power_.lose(node);
  // Its owner has to see that it is refused, and gives it a new certificate.
  power_.wipe(node);
  schedule_.after(lasting(), [this, node] {
    if (stopped_) return;
    power_.crash(node);
    join();
  });
}

/// For so long that it is taken for lost; then it is back, with everything that it had.
void MembershipNemesis::be_away() {
  const std::vector<NodeId> all = members({MemberState::active, MemberState::draining, MemberState::leaving});
  if (all.empty()) return;
  const std::size_t node = all[rng_.below(all.size())].value - 1;
  if (!power_.host(node).running()) return;
  schedule_.mark("machine-away");
  power_.crash(node);
  schedule_.after(rng_.between(3 * ns_per_s, 30 * ns_per_s), [this, node] {
    if (!stopped_) power_.boot(node);
  });
}

// --- members ---

std::optional<std::size_t> MembershipNemesis::anybody() {
  std::vector<std::size_t> up;
  for (std::size_t node = 0; node < climate_.machines(); ++node) {
    const node::Node* core = power_.host(node).core();
    if (core != nullptr && core->initialised()) up.push_back(node);
  }
  if (up.empty()) return std::nullopt;
  return up[rng_.below(up.size())];
}

std::vector<NodeId> MembershipNemesis::members(std::initializer_list<MemberState> states) {
  std::vector<NodeId> out;
  const auto asked = anybody();
  if (!asked) return out;
  for (const node::MemberStatus& one : power_.host(*asked).status().members) {
    if (std::ranges::find(states, one.member.state) != states.end()) out.push_back(one.member.id);
  }
  return out;
}

void MembershipNemesis::ask(meta::MetaEntry entry) {
  const auto asked = anybody();
  if (!asked) return;
  const std::uint64_t tag = ++last_tag_;
  const std::string actor = "operator " + std::to_string(tag);
  open_.emplace(tag, Deed{actor, entry});
  power_.host(*asked).happened(node::Administer{tag, actor, std::move(entry)});
}

void MembershipNemesis::answered(std::uint64_t tag, const Error* refused) {
  const auto at = open_.find(tag);
  if (at == open_.end()) return schedule_.mark(refused == nullptr ? "rebalance-taken" : "rebalance-refused");
  const Deed deed = std::move(at->second);
  open_.erase(at);
  schedule_.mark("change-" + std::string(refused == nullptr ? "taken" : nodedb::name(refused->code)));
  if (refused != nullptr) return;
  if (std::holds_alternative<meta::TokenCreate>(deed.entry)) audited_.insert(deed.actor);
  if (const auto* claim = std::get_if<meta::TokenClaim>(&deed.entry)) {
    std::set<Uuid>& machines = admitted_[claim->id];
    machines.insert(claim->node);
    schedule_.mark("token-given");
    if (machines.size() > 1) oracle_.complain("C5", "token " + text(claim->id) + " is given to two machines");
  }
}

void MembershipNemesis::drain() {
  const auto draining = members({MemberState::draining});
  const auto active = members({MemberState::active});
  const bool back = !draining.empty() && rng_.chance(0.5);
  const auto& among = back ? draining : active;
  if (among.empty()) return;
  ask(meta::MemberChange{among[rng_.below(among.size())], back ? MemberState::active : MemberState::draining,
                         NodeId()});
}

void MembershipNemesis::decommission() {
  std::vector<NodeId> among = members({MemberState::active, MemberState::draining});
  std::vector<NodeId> lost;
  std::ranges::copy_if(among, std::back_inserter(lost), [&](NodeId id) { return power_.gone(id.value - 1); });
  if (!lost.empty() && rng_.chance(0.6)) among = lost;
  if (among.empty()) return;
  meta::MetaBatch batch;
  const std::size_t count = rng_.chance(0.3) ? 2 : 1;
  for (std::size_t i = 0; i < count; ++i) {
    batch.entries.emplace_back(
        meta::MemberChange{among[rng_.below(among.size())], MemberState::leaving, NodeId()});
  }
  ask(std::move(batch));
  if (!rng_.chance(0.5)) return;
  schedule_.after(lasting(), [this] {
    if (!stopped_) recommission();
  });
}

void MembershipNemesis::recommission() {
  const auto leaving = members({MemberState::leaving});
  if (leaving.empty()) return;
  schedule_.mark("recommissioned");
  ask(meta::MemberChange{leaving[rng_.below(leaving.size())], MemberState::active, NodeId()});
}

/// Whatever the mode. Sometimes of a node that does not drive, which is refused.
void MembershipNemesis::rebalance() {
  auto asked = anybody();
  for (std::size_t node = 0; node < climate_.machines() && rng_.chance(0.9); ++node) {
    if (power_.host(node).running() && power_.host(node).status().drives) asked = node;
  }
  if (!asked) return;
  const std::uint64_t tag = ++last_tag_;
  power_.host(*asked).happened(node::Rebalance{tag, "operator " + std::to_string(tag)});
}

void MembershipNemesis::replace() {
  const auto active = members({MemberState::active});
  if (active.size() < 2) return;
  const std::size_t old = rng_.below(active.size());
  const std::size_t fresh = rng_.chance(0.5) ? active.size() - 1 : rng_.below(active.size());
  ask(meta::MemberChange{active[old], MemberState::leaving, active[fresh]});
}

// --- settings and tokens ---

meta::SettingChange MembershipNemesis::any_setting() {
  switch (rng_.below(5)) {
    case 0: {
      const std::array<std::string, 3> modes{"off", "advise", "auto"};
      return {"rebalance.mode", modes[rng_.below(modes.size())]};
    }
    case 1:
      return {"rebalance.moves_at_once", std::to_string(rng_.between(1, 16))};
    case 2:
      return {"rebalance.paused", rng_.chance(0.3) ? "on" : "off"};
    case 3:
      return {"rebalance.load_tolerance", std::to_string(rng_.between(1, 50))};
    default:
      return {std::string(repair_after), std::to_string(rng_.between(2, 10)) + "s"};
  }
}

/// Sometimes two operators do not agree.
void MembershipNemesis::change_setting() {
  const meta::SettingChange one = any_setting();
  ask(one);
  if (!rng_.chance(0.5)) return;
  for (int tries = 0; tries < 10; ++tries) {
    const meta::SettingChange other = any_setting();
    if (other.name == one.name) return ask(other);
  }
}

void MembershipNemesis::use_token() {
  const meta::TokenCreate token{TokenId(rng_.next()), Digest{{7}}, {}, 0};
  ask(token);
  schedule_.after(lasting(), [this, token] {
    if (!stopped_) show_token(token);
  });
}

/// By the machine that it was made for and by a thief, in either order, and maybe again.
void MembershipNemesis::show_token(const meta::TokenCreate& token) {
  const auto machine = reserve();
  std::vector<Uuid> machines{Uuid::v4(rng_), machine ? power_.uuid_of(*machine) : Uuid::v4(rng_)};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto asked = anybody();
    if (!asked) return;
    const std::uint64_t tag = ++last_tag_;
    const meta::TokenClaim claim{token.id, token.digest, machines[rng_.below(machines.size())], {}};
    open_.emplace(tag, Deed{"machine " + claim.node.text(), claim});
    power_.host(*asked).happened(node::ClaimToken{tag, claim, "door"});
  }
  if (rng_.chance(0.3)) ask(meta::TokenRevoke{token.id});
  if (rng_.chance(0.5)) join();
}

// --- calm ---

void MembershipNemesis::stop() {
  stopped_ = true;
  last_words_ = {{std::string(repair_after), "10s"}, {"rebalance.paused", "off"}};
  if (rng_.chance(0.7)) last_words_.push_back({"rebalance.mode", "auto"});
}

/// What was asked for before may come true after the last words: they are said until they stand.
bool MembershipNemesis::put_right() {
  const auto standing = [this](const meta::SettingChange& word) { return in_force(word); };
  if (std::ranges::all_of(last_words_, standing)) return one_is_replaced();
  if (schedule_.now() - said_at_ < 2 * ns_per_s) return false;
  said_at_ = schedule_.now();
  for (const meta::SettingChange& word : last_words_) {
    if (!in_force(word)) ask(word);
  }
  return false;
}

/// As the node says that drives; nobody drives: no.
bool MembershipNemesis::in_force(const meta::SettingChange& word) {
  const meta::SettingInfo& info = *meta::find_setting(word.name);
  for (std::size_t node = 0; node < climate_.machines(); ++node) {
    const Host& host = power_.host(node);
    if (host.running() && host.status().drives)
      return meta::setting_text(info, host.settings().*info.value) == word.value;
  }
  return false;
}

/// Now that nothing disturbs the planner: it must do exactly what it is told.
bool MembershipNemesis::one_is_replaced() {
  if (!calm_since_) {
    calm_since_ = schedule_.now();
    schedule_.after(settling_ns, [this] { replace_most(); });
  }
  return schedule_.now() - *calm_since_ > settling_ns;
}

/// Whoever leaves most to a successor.
void MembershipNemesis::replace_most() {
  const auto asked = anybody();
  const auto active = members({MemberState::active});
  if (!asked || active.empty()) return;
  const node::Status status = power_.host(*asked).status(true);
  const auto left_to = [&](NodeId old, NodeId fresh) {
    return std::ranges::count_if(status.groups, [&](const node::GroupStatus& group) {
      return group.group != metadata_group && contains(group.wanted, old) && !contains(group.wanted, fresh);
    });
  };
  meta::MemberChange most{active.front(), MemberState::leaving, active.front()};
  for (const NodeId old : active) {
    for (const NodeId fresh : active) {
      if (left_to(old, fresh) > left_to(most.node, most.successor)) most = {old, MemberState::leaving, fresh};
    }
  }
  if (most.node != most.successor) ask(most);
}

}  // namespace nodedb::sim
