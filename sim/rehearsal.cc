// SPDX-License-Identifier: Apache-2.0
#include "sim/rehearsal.h"

#include <algorithm>
#include <utility>

namespace nodedb::sim {

namespace {

constexpr VShardId vshard(0);
constexpr std::int64_t prelude_ns = 14 * ns_per_s;  // of writes: the log no longer reaches back to the birth
constexpr std::int64_t scene_patience_ns = 120 * ns_per_s;

}  // namespace

/// Logs so small that the copy is a snapshot of several chunks.
Climate rehearsal_climate() {
  Climate c;
  c.seed = 3;
  c.nodes = 3;
  c.spares = 1;
  c.replication = 3;
  c.vshards = 1;
  c.set(Fault::migrate, true);
  c.election_ns = 600 * ns_per_ms;
  c.pulse_ns = 120 * ns_per_ms;
  c.resend_ns = 200 * ns_per_ms;
  c.append_entries_max = 64;
  c.inflight_appends_max = 8;
  c.log_bytes_per_node = 8'000;
  c.log_bytes_per_group = 4'096;
  c.snapshot_chunk_bytes = 256;
  c.net_ns = ns_per_ms;
  c.disk_ns = 2 * ns_per_ms;
  c.apply_ns = 500 * ns_per_us;
  c.core_ns = 50 * ns_per_us;
  c.clients = 2;
  c.keys = 4;
  c.think_ns = 150 * ns_per_ms;
  c.patience_ns = 2 * ns_per_s;
  c.request_timeout_ns = 2 * ns_per_s;
  c.reads = 0.4;
  c.duration_ns = ns_per_s;
  c.move_every_ns = ns_per_s;
  return c;
}

// --- the play ---

void Rehearsal::cast(World& world) {
  const GroupId group = group_of(vshard);
  const std::size_t leader = world.leader_of(group);
  target_ = world.climate().nodes;
  std::vector<std::size_t> others;
  for (std::size_t node = 0; node < target_; ++node) {
    if (node != leader) others.push_back(node);
  }
  source_ = scene_.source_leads ? leader : others.front();
  driver_ = scene_.source_drives ? source_ : others.back();
  before_ = world.host(leader).core()->group(group)->config().voters;
}

void Rehearsal::play(World& world) {
  const bool led = world.run_until(
      scene_patience_ns, [&] { return world.leader_of(group_of(vshard)) < world.climate().machines(); },
      [] { return std::string("the vShard has no leader"); });
  if (!led) return;
  cast(world);
  const bool ready = world.run_until(
      scene_patience_ns,
      [&] {
        const std::size_t driver = world.leader_of(metadata_group);
        if (driver == driver_) return true;
        if (driver < world.climate().machines()) {
          world.host(driver).happened(node::TransferLeader{0, metadata_group, id_of(driver_)});
        }
        return false;
      },
      [] { return std::string("group 0 is not led by whom the scene wants"); });
  if (!ready || !world.run_for(prelude_ns)) return;
  armed_ = true;
  world.host(driver_).happened(
      node::StartMigration{move_tag, vshard, id_of(source_), id_of(target_), 500'000});
  world.run_until(
      scene_patience_ns, [&] { return over(world); },
      [&] { return "the scene does not end: " + world.unsettled(); });
  armed_ = false;
}

bool Rehearsal::over(World& world) const {
  if (!accident_.planned()) return moments_.size() > 3 && world.all_settled();
  return accident_.over();
}

/// Complete or undone, and where it says.
void Rehearsal::judge(World& world) {
  if (accident_.planned() && !accident_.struck())
    return world.oracle().complain("C3", "the trouble never came");
  const std::size_t driver = world.leader_of(metadata_group);
  if (driver >= world.climate().machines()) return world.oracle().complain("C3", "nobody drives");
  const node::Status status = world.host(driver).status(true);
  const auto row = std::ranges::find(status.groups, group_of(vshard), &node::GroupStatus::group);
  std::vector<NodeId> after = row == status.groups.end() ? std::vector<NodeId>() : row->wanted;
  std::vector<NodeId> moved = before_;
  std::ranges::replace(moved, id_of(source_), id_of(target_));
  std::ranges::sort(after);
  std::ranges::sort(moved);
  if (status.history.size() > 1) return world.oracle().complain("C3", "one migration has ended twice");
  const bool completed =
      !status.history.empty() && status.history.front().outcome == meta::MigrationOutcome::completed;
  if (after != (completed ? moved : before_)) {
    return world.oracle().complain("C3", "the replicas are not where the migration's end says");
  }
  world.mark(status.history.empty() ? "ended-not-begun" : completed ? "ended-complete" : "ended-undone");
}

// --- trouble ---

Moment Rehearsal::moment(World& world, std::size_t node, DurableWrite what) const {
  Moment now{node, what, std::nullopt, {}};
  const std::size_t driver = world.leader_of(metadata_group);
  now.players = {{"source", source_},
                 {"target", target_},
                 {"leader", world.leader_of(group_of(vshard))},
                 {"driver", driver}};
  if (driver < world.climate().machines()) {
    const node::Status status = world.host(driver).status();
    if (!status.migrations.empty()) now.phase = status.migrations.front().record.checkpoint.phase();
  }
  return now;
}

Fate Rehearsal::writing(World& world, std::size_t node, DurableWrite what) {
  if (!armed_ || accident_.struck()) return Fate::kept;
  const bool watched = !accident_.planned() || scene_.cancel_at;
  moments_.push_back(watched ? moment(world, node, what) : Moment{node, what, std::nullopt, {}});
  if (scene_.cancel_at && cancelled_at_ == 0 && moments_.back().phase == scene_.cancel_at) {
    cancelled_at_ = moments_.size();
    const std::size_t driver = moments_.back().players.back().machine;
    const node::Status status = world.host(driver).status();
    world.host(driver).happened(
        node::CancelMigration{move_tag, status.migrations.front().record.intent.id, "rehearsed"});
  }
  const Fate fate = accident_.writing(world, node, moments_.size());
  if (accident_.holds_back() && !watching_) watch(world);
  return fate;
}

void Rehearsal::wrote(World& world, std::size_t) {
  accident_.wrote(world);
  if (accident_.holds_back() && !watching_) watch(world);
}

/// The migration has to end without the victims.
void Rehearsal::watch(World& world) {
  watching_ = true;
  const std::size_t driver = world.leader_of(metadata_group);
  if (driver < world.climate().machines()) {
    const node::Status status = world.host(driver).status();
    if (status.drives && status.migrations.empty() && !status.history.empty()) {
      accident_.let_back(world);
      return;
    }
  }
  world.after(100 * ns_per_ms, [this, &world] { watch(world); });
}

}  // namespace nodedb::sim
