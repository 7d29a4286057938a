// SPDX-License-Identifier: Apache-2.0
#include "sim/member_rehearsal.h"

#include <algorithm>
#include <utility>

#include "base/node_list.h"
#include "sim/rehearsal.h"

namespace nodedb::sim {

namespace {

using Deed = MemberScene::Deed;

constexpr VShardId watched(0);
constexpr GroupId group = group_of(watched);
constexpr std::int64_t writes_first_ns = 3 * ns_per_s;
constexpr std::int64_t member_patience_ns = 120 * ns_per_s;
constexpr std::int64_t ask_again_ns = 2 * ns_per_s;
constexpr std::uint64_t tag = 3;
constexpr TokenId the_token(1);

const Digest new_authority = authority_numbered(1);

const Uuid thief = [] {
  Rng rng(7);
  return Uuid::v4(rng);
}();

bool leaves(const MemberScene& scene) {
  return scene.deed == Deed::decommission || scene.deed == Deed::replace;
}

}  // namespace

/// Who is replaced has a rival for its replicas beside its successor.
Climate member_climate(const MemberScene& scene) {
  Climate c = rehearsal_climate();
  c.set(Fault::migrate, false);
  c.set(Fault::members, true);
  c.spares = scene.deed == Deed::decommission ? 1 : scene.deed == Deed::replace ? 2 : 0;
  c.reserve = leaves(scene) || scene.deed == Deed::exchange ? 0 : 1;
  c.set(Fault::authority, scene.deed == Deed::exchange);
  c.think_ns = ns_per_s;  // most writes are to be the scene's
  return c;
}

// --- the play ---

void MemberRehearsal::cast(World& world) {
  const std::size_t leader = world.leader_of(group);
  std::vector<std::size_t> others;
  for (std::size_t node = 0; node < world.climate().nodes; ++node) {
    if (node != leader) others.push_back(node);
  }
  const std::size_t last = world.climate().machines() - 1;
  const bool founder_acts = leaves(scene_) || scene_.deed == Deed::exchange;
  subject_ = !founder_acts ? last : scene_.subject_leads ? leader : others.front();
  other_ = leaves(scene_) ? last : leader;
  bystander_ = others.back();
  driver_ = scene_.subject_drives ? subject_ : others.back();
}

bool MemberRehearsal::set_up(World& world) {
  const bool led = world.run_until(
      member_patience_ns, [&] { return world.leader_of(group) < world.climate().machines(); },
      [] { return std::string("the vShard has no leader"); });
  if (!led) return false;
  cast(world);
  const auto hand = [&](GroupId which, std::size_t to) {
    const std::size_t now = world.leader_of(which);
    if (now == to) return true;
    if (now < world.climate().machines()) world.host(now).happened(node::TransferLeader{0, which, id_of(to)});
    return false;
  };
  return world.run_until(
             member_patience_ns, [&] { return hand(metadata_group, driver_); },
             [] { return std::string("group 0 is not led by whom the scene wants"); }) &&
         world.run_for(writes_first_ns);
}

void MemberRehearsal::play(World& world) {
  if (!set_up(world)) return;
  armed_ = true;
  world.run_until(
      member_patience_ns, [&] { return over(world); },
      [&] { return "the scene does not end: " + world.unsettled(); });
  armed_ = false;
}

bool MemberRehearsal::over(World& world) {
  if (!asked_all_ && world.now_ns() - asked_at_ >= ask_again_ns) {
    asked_at_ = world.now_ns();
    asked_all_ = ask(world);
  }
  return asked_all_ && (accident_.planned() ? accident_.over() : world.all_settled());
}

void MemberRehearsal::administer(World& world, meta::MetaEntry entry) {
  for (std::size_t i = 0; i < world.climate().nodes; ++i) {
    const std::size_t node = (driver_ + i) % world.climate().nodes;
    if (!world.host(node).running()) continue;
    return world.host(node).happened(node::Administer{tag, "rehearsal", std::move(entry)});
  }
}

bool MemberRehearsal::ask(World& world) {
  const std::size_t driver = world.leader_of(metadata_group);
  if (driver >= world.climate().machines()) return false;
  const meta::Tables seen = tables_on(world.host(driver));
  if (scene_.deed == Deed::exchange) return ask_exchange(world, seen);
  return scene_.deed == Deed::token ? ask_token(world, seen) : ask_member(world, seen);
}

bool MemberRehearsal::ask_member(World& world, const meta::Tables& seen) {
  if (scene_.deed == Deed::join) {
    if (!world.host(subject_).running()) world.boot(subject_);
    return true;
  }
  const auto member = seen.members.find(id_of(subject_));
  if (member == seen.members.end()) return false;
  if (!meta::keeps_replicas(member->second)) return true;
  administer(world, meta::MemberChange{id_of(subject_), meta::MemberState::leaving,
                                       scene_.deed == Deed::replace ? id_of(other_) : NodeId()});
  return false;
}

/// Shown by its machine and by a thief at once, to two nodes, and again until one of them has it.
bool MemberRehearsal::ask_token(World& world, const meta::Tables& seen) {
  const auto token = seen.tokens.find(the_token);
  if (token == seen.tokens.end()) {
    administer(world, meta::TokenCreate{the_token, Digest{{7}}, {}, 0});
    return false;
  }
  if (token->second.state != meta::TokenState::issued) {
    if (!world.started(subject_)) world.boot(subject_);
    return true;
  }
  const auto show = [&](std::size_t node, const Uuid& machine) {
    if (!world.host(node).running()) return;
    world.host(node).happened(node::ClaimToken{tag, {the_token, Digest{{7}}, machine, {}}, "door"});
  };
  show(bystander_, world.uuid_of(subject_));
  show(other_, thief);
  return false;
}

/// One machine alone signs.
bool MemberRehearsal::ask_exchange(World& world, const meta::Tables& seen) {
  const auto authority = seen.authorities.find(new_authority);
  if (authority == seen.authorities.end()) {
    for (std::size_t node = 0; node < world.climate().nodes; ++node)
      world.authorities().put_key(node, std::nullopt);
    administer(world, meta::AuthorityStage{new_authority, "certificate", {}});
    return false;
  }
  world.authorities().put_key(subject_, new_authority);
  if (authority->second.state == meta::AuthorityState::sole) return true;
  administer(world, meta::AuthorityFinalise{new_authority, {}});
  return false;
}

void MemberRehearsal::judge(World& world) {
  if (accident_.planned() && !accident_.struck())
    return world.oracle().complain("C3", "the trouble never came");
  const std::size_t driver = world.leader_of(metadata_group);
  if (driver >= world.climate().machines()) return world.oracle().complain("C3", "nobody drives");
  const meta::Tables seen = tables_on(world.host(driver));
  if (scene_.deed == Deed::exchange) {
    const auto authority = seen.authorities.find(new_authority);
    if (authority == seen.authorities.end() || authority->second.state != meta::AuthorityState::sole)
      return world.oracle().complain("C6", "the new authority is not the only one");
    return world.mark("ended-" + scene_.name);
  }
  const auto member = seen.members.find(id_of(subject_));
  const bool there = member != seen.members.end() && member->second.state == meta::MemberState::active;
  const bool gone = member != seen.members.end() && member->second.state == meta::MemberState::retired;
  if (leaves(scene_) ? !gone : !there) {
    return world.oracle().complain("C6", "node " + std::to_string(subject_ + 1) +
                                             (leaves(scene_) ? " is not retired" : " is no active member"));
  }
  if (scene_.deed == Deed::replace && !contains(seen.placement[0].replicas, id_of(other_)))
    return world.oracle().complain("C3", "the successor did not get the replica");
  if (scene_.deed == Deed::token && seen.tokens.at(the_token).holder.is_nil())
    return world.oracle().complain("C6", "nobody got the token");
  world.mark("ended-" + scene_.name);
}

// --- trouble ---

Moment MemberRehearsal::moment(World& world, std::size_t node, DurableWrite what) const {
  if (scene_.deed == Deed::exchange) {
    return {node,
            what,
            std::nullopt,
            {{"driver", driver_}, {"signer", subject_}, {"leader", other_}, {"bystander", bystander_}}};
  }
  return {node,
          what,
          std::nullopt,
          {{"driver", world.leader_of(metadata_group)},
           {leaves(scene_) ? "leaver" : "joiner", subject_},
           {leaves(scene_) ? "taker" : "leader", other_},
           {"bystander", bystander_}}};
}

Fate MemberRehearsal::writing(World& world, std::size_t node, DurableWrite what) {
  if (!armed_ || accident_.struck()) return Fate::kept;
  moments_.push_back(accident_.planned() ? Moment{node, what, std::nullopt, {}} : moment(world, node, what));
  return accident_.writing(world, node, moments_.size());
}

}  // namespace nodedb::sim
