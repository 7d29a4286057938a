// SPDX-License-Identifier: Apache-2.0
#include "raft/group.h"

#include <algorithm>
#include <type_traits>

#include "base/check.h"
#include "base/prefetch.h"
#include "raft/state.h"

namespace nodedb::raft {

Group::Group(GroupId id, NodeId self, const Options& options, Restored restored, Rng rng, Now now,
             PlantedBugs bugs)
    : state_(std::make_unique<State>(id, self, options, std::move(restored), rng, now, bugs)) {}
Group::~Group() = default;
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;

/// Runs one event: sets the clock before it, checks the rules after it.
template <class Event>
auto Group::step(Time now, Event event) {
  state_->clock = now;
  if constexpr (std::is_void_v<decltype(event(*state_))>) {
    event(*state_);
    check_rules();
  } else {
    auto result = event(*state_);
    check_rules();
    return result;
  }
}

void Group::check_rules() const {
  if (!state_->options.check_rules) return;
  if (const auto broken = broken_rule()) CHECK_MSG(!broken, *broken);
}

void Group::receive(Time now, NodeId from, Message message, const Liveness& live) {
  step(now, [&](State& s) {
    s.receive(now, from, std::move(message), live);
    s.confirm_reads(now, &live);
  });
}

void Group::claimed(Time now, NodeId from, const Claim& claim) {
  step(now, [&](State& s) { s.claimed(now, from, claim); });
}

void Group::refused(Time now, NodeId from, Term term) {
  step(now, [&](State& s) { s.refused(now, from, term); });
}

void Group::peer_silent(Time now, NodeId peer, const Liveness& live) {
  step(now, [&](State& s) { s.peer_silent(now, peer, live); });
}

void Group::support_changed(Time now, const Liveness& live) {
  step(now, [&](State& s) { s.confirm_reads(now, &live); });
}

void Group::reconnected(Time now, NodeId peer) {
  step(now, [&](State& s) { s.reconnected(now, peer); });
}

void Group::wake(Time now, const Liveness& live) {
  step(now, [&](State& s) { s.wake(now, live); });
}

void Group::persisted(Time now, Position last) {
  step(now, [&](State& s) { s.persisted(now, last); });
}

void Group::applied(Index applied) {
  CHECK_MSG(applied <= state_->handed, "R5: only what was handed out can have been applied");
  state_->applied_upto = std::max(state_->applied_upto, applied);
}

Result<Position> Group::propose(Time now, std::vector<Blob> commands) {
  return step(now, [&](State& s) { return s.propose(std::move(commands)); });
}

Result<Position> Group::change_config(Time now, const Config& next) {
  return step(now, [&](State& s) { return s.change_config(next); });
}

Result<Position> Group::force_config(Time now, const Forced& forced, const Liveness& live) {
  return step(now, [&](State& s) { return s.force_config(now, forced, live); });
}

Result<void> Group::read_index(Time now, std::uint64_t context, const Liveness& live, ReadProof proof) {
  return step(now, [&](State& s) { return s.read_index(now, context, live, proof); });
}

bool Group::confirms(Time now, Time asked, const Liveness& live, ReadProof proof) const {
  return state_->confirms(now, asked, live, proof);
}

Result<void> Group::transfer(Time now, NodeId target, std::int64_t patience_ns) {
  return step(now, [&](State& s) { return s.begin_transfer(now, target, patience_ns); });
}

void Group::campaign(Time now) {
  step(now, [&](State& s) { s.campaign(now); });
}

void Group::installed_snapshot(Time now, Position at, const Config& config, NodeId leader) {
  step(now, [&](State& s) { s.installed_snapshot(now, at, config, leader); });
}

void Group::snapshot_sent(Time now, NodeId peer, bool ok) {
  step(now, [&](State& s) { s.snapshot_sent(now, peer, ok); });
}

void Group::compact(Index durable_applied, std::size_t keep_bytes) {
  state_->compact(durable_applied, keep_bytes);
}

Work Group::take_work() {
  Work out = state_->take_work();
  check_rules();
  return out;
}

void Group::prefetch() const {
  nodedb::prefetch(state_.get(), State::hot_bytes);
}

bool Group::has_work() const {
  return state_->has_work();
}
Time Group::deadline() const {
  return state_->deadline();
}

// --- facts ---

GroupId Group::id() const {
  return state_->id;
}
NodeId Group::self() const {
  return state_->self;
}
Role Group::role() const {
  return state_->role;
}
Term Group::term() const {
  return state_->hard.term;
}
NodeId Group::vote() const {
  return state_->hard.vote;
}
NodeId Group::leader() const {
  return state_->leader;
}
Index Group::commit() const {
  return state_->hard.commit;
}
Index Group::applied() const {
  return state_->applied_upto;
}
Position Group::last() const {
  return state_->log.last();
}
Position Group::base() const {
  return state_->log.base();
}
std::size_t Group::log_bytes() const {
  return state_->log.bytes();
}
const Config& Group::config() const {
  return state_->configs.latest();
}
std::size_t Group::log_bytes_above(Index at) const {
  return state_->log.bytes_above(at);
}
bool Group::settled() const {
  return role() == Role::leader && state_->own_term_committed();
}
Index Group::config_index() const {
  return state_->configs.latest_index();
}
bool Group::config_committed() const {
  return state_->configs.latest_index() <= state_->hard.commit;
}
std::optional<Term> Group::term_at(Index at) const {
  return state_->log.term_at(at);
}

Config Group::config_at(Index at) const {
  CHECK(at >= base().index && at <= last().index);
  return state_->configs.at(at);
}

bool Group::fenced(Time now) const {
  return state_->fenced(now);
}

std::optional<NodeId> Group::transferring_to() const {
  if (!state_->transfer) return std::nullopt;
  return state_->transfer->target;
}

std::vector<Group::Follower> Group::followers() const {
  std::vector<Follower> out;
  for (const auto& [peer, progress] : state_->progress) {
    out.push_back(Follower{peer, progress.match, progress.next, progress.state, !config().is_voter(peer)});
  }
  return out;
}

Index Group::commit_for(NodeId peer) const {
  return std::min(state_->hard.commit, state_->progress.contains(peer) ? state_->match_of(peer) : Index());
}

bool Group::awaits_support() const {
  return !state_->waiting_reads.empty();
}

bool Group::lease_valid(Time now, const Liveness& live) const {
  return state_->lease_valid(now, state_->supported_since(now, &live));
}

std::optional<std::string> Group::broken_rule() const {
  return state_->broken_rule();
}

}  // namespace nodedb::raft
