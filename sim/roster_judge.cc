// SPDX-License-Identifier: Apache-2.0
#include "sim/roster_judge.h"

#include <algorithm>

#include "base/names.h"
#include "base/node_list.h"
#include "base/time.h"
#include "meta/codec.h"
#include "meta/rows.h"
#include "sim/meta_rows.h"

namespace nodedb::sim {

namespace {

/// What was asked for before has been decided by then, and everybody who runs has found everybody else.
constexpr std::int64_t successor_settled_ns = 4 * ns_per_s;
/// What was decided before a member's row changed has been applied by then, in quiet.
constexpr std::int64_t known_ns = ns_per_s / 10;

std::optional<meta::Placement> route_of(VShardId vshard, const Rows& rows) {
  const auto row = rows.find(node::machine_rows + meta::placement_key(vshard));
  if (row == rows.end()) return std::nullopt;
  auto route = meta::decode_placement(row->second);
  return route ? std::optional(std::move(*route)) : std::nullopt;
}

}  // namespace

void RosterJudge::applied(Index applied, const Rows& rows) {
  if (applied <= newest_) return;
  newest_ = applied;
  see_moves(rows);
  see_members(rows);
  see_tokens(rows);
}

void RosterJudge::see_members(const Rows& rows) {
  std::size_t stay = 0;
  each_row(rows, meta::member_rows, [&](BytesView, const Bytes& value) {
    const auto member = meta::decode_member(value);
    if (!member) return;
    stay += meta::keeps_replicas(*member) ? 1U : 0U;
    see(*member, rows);
  });
  if (stay < world_.replication) {
    evidence_.complain("C4",
                       "only " + std::to_string(stay) + " members stay, fewer than replicas are wanted");
  }
}

void RosterJudge::see(const meta::Member& now, const Rows& rows) {
  const auto [at, fresh] = members_.try_emplace(now.id, Seen{now, evidence_.now_ns()});
  meta::Member& before = at->second.member;
  if (!fresh && before.uuid != now.uuid) evidence_.complain("C4", named(now.id) + " is another machine now");
  if (!fresh && before.state == meta::MemberState::retired && now.state != before.state)
    evidence_.complain("C4", named(now.id) + " was retired, and is back");
  const bool retires = now.state == meta::MemberState::retired && (fresh || before.state != now.state);
  if (retires) judge_retired(now.id, rows);
  if (before.state != now.state || before.successor != now.successor)
    at->second.since_ns = evidence_.now_ns();
  before = now;
}

void RosterJudge::judge_retired(NodeId node, const Rows& rows) {
  each_row(rows, meta::placement_rows, [&](BytesView, const Bytes& value) {
    const auto route = meta::decode_placement(value);
    if (route && contains(route->replicas, node))
      evidence_.complain("C4", named(node) + " is retired and still has a replica");
  });
  each_row(rows, meta::intent_rows, [&](BytesView, const Bytes& value) {
    const auto intent = meta::decode_intent(value);
    if (intent && (intent->first.source == node || intent->first.target == node))
      evidence_.complain("C4", named(node) + " is retired in the middle of a move");
  });
}

void RosterJudge::see_tokens(const Rows& rows) {
  each_row(rows, meta::token_rows, [&](BytesView, const Bytes& value) {
    const auto token = meta::decode_token(value);
    if (!token || token->holder.is_nil()) return;
    const auto [held, fresh] = holders_.try_emplace(token->id, token->holder);
    if (!fresh && held->second != token->holder)
      evidence_.complain("C5", "token " + text(token->id) + " goes from one machine to another");
  });
}

void RosterJudge::see_moves(const Rows& rows) {
  each_row(rows, meta::intent_rows, [&](BytesView, const Bytes& value) {
    const auto intent = meta::decode_intent(value);
    if (intent && moves_.insert(intent->id).second) judge_move(*intent, rows);
  });
}

/// Only looked at where the successor cannot have seemed dead, nor the leader of group 0 behind.
void RosterJudge::judge_move(const meta::MigrationIntent& intent, const Rows& rows) {
  const auto source = members_.find(intent.first.source);
  if (world_.operators_move || source == members_.end()) return;
  const auto& [member, since] = source->second;
  const NodeId successor = member.successor;
  if (member.state != meta::MemberState::leaving || successor == NodeId()) return;
  if (intent.first.target == successor || evidence_.quiet_ns() < successor_settled_ns) return;
  if (evidence_.now_ns() - since < known_ns || !evidence_.running(successor)) return;
  const auto heir = members_.find(successor);
  if (heir == members_.end() || heir->second.member.state != meta::MemberState::active) return;
  if (evidence_.now_ns() - heir->second.since_ns < successor_settled_ns) return;
  const auto route = route_of(intent.first.vshard, rows);
  if (!route || contains(route->replicas, successor)) return;
  evidence_.complain("C3", "a replica of " + named(member.id) + " goes to " + named(intent.first.target) +
                               " and not to its successor, " + named(successor));
}

}  // namespace nodedb::sim
