// SPDX-License-Identifier: Apache-2.0
#include "sim/climate.h"

#include <cmath>
#include <utility>

#include "base/limits.h"
#include "base/mix.h"
#include "base/time.h"

namespace nodedb::sim {

namespace {

/// Chosen so that the kept seeds of before have no moves (tests/seeds/sim.txt).
constexpr std::uint64_t moves_salt = 1970;
constexpr std::uint64_t swim_salt = 2002;
constexpr std::uint64_t room_salt = 1971;
/// … and none of them a change of members, nor witnesses.
constexpr std::uint64_t members_salt = 11189;
constexpr std::uint64_t witnesses_salt = 577;
/// … nor an exchange of the authority.
constexpr std::uint64_t authority_salt = 20;

/// Spread evenly over orders of magnitude.
std::int64_t log_uniform(Rng& rng, std::int64_t low, std::int64_t high) {
  const double share = static_cast<double>(rng.below(1'000'001)) / 1e6;
  const double ratio = static_cast<double>(high) / static_cast<double>(low);
  return static_cast<std::int64_t>(static_cast<double>(low) * std::pow(ratio, share));
}

double share(Rng& rng, double high) {
  return high * static_cast<double>(rng.below(1'000'001)) / 1e6;
}

void draw_cluster(Climate& c, Rng& rng) {
  c.nodes = rng.chance(0.02) ? 1 : rng.chance(0.4) ? 5 : 3;
  c.replication = c.nodes == 1 ? 1 : c.nodes == 5 && rng.chance(0.4) ? 5 : 3;
  c.vshards = static_cast<std::uint32_t>(log_uniform(rng, 1, 9));
  c.election_ns = log_uniform(rng, 400 * ns_per_ms, 2 * ns_per_s);
  c.pulse_ns = c.election_ns / rng.between(4, 6);
  c.resend_ns = log_uniform(rng, 100 * ns_per_ms, 600 * ns_per_ms);
  c.rebalance_ns = rng.chance(0.3) ? 0 : log_uniform(rng, ns_per_s, 10 * ns_per_s);
  c.lease_reads = rng.chance(0.7);
  c.append_entries_max = static_cast<std::size_t>(log_uniform(rng, 1, limits::append_entries_max));
  c.inflight_appends_max = static_cast<std::size_t>(log_uniform(rng, 1, 64));
  const bool small_logs = rng.chance(0.6);
  c.log_bytes_per_node = static_cast<std::size_t>(small_logs ? log_uniform(rng, 2'000, 60'000) : 1 << 26);
  c.log_bytes_per_group =
      small_logs ? c.log_bytes_per_node / static_cast<std::size_t>(rng.between(2, 8)) : 1 << 22;
  c.snapshot_chunk_bytes = static_cast<std::size_t>(log_uniform(rng, 64, 64 * 1024));
}

void draw_speeds(Climate& c, Rng& rng) {
  c.net_ns = log_uniform(rng, 50 * ns_per_us, 15 * ns_per_ms);
  c.disk_ns = log_uniform(rng, 50 * ns_per_us, 20 * ns_per_ms);
  c.apply_ns = log_uniform(rng, 10 * ns_per_us, 5 * ns_per_ms);
  c.core_ns = log_uniform(rng, 10 * ns_per_us, 2 * ns_per_ms);
  c.codec = rng.chance(0.15);
  c.loss = c.on(Fault::loss) ? share(rng, 0.1) : 0;
  c.duplicate = c.on(Fault::duplicate) ? share(rng, 0.1) : 0;
  c.reorder = c.on(Fault::reorder) ? share(rng, 0.2) : 0;
  c.drift_ppm = c.on(Fault::drift) ? rng.between(1'000, 45'000) : 0;
}

void draw_clients(Climate& c, Rng& rng) {
  c.clients = static_cast<std::size_t>(rng.between(2, 6));
  c.keys = static_cast<std::size_t>(rng.between(3, 12));
  c.think_ns = log_uniform(rng, 60 * ns_per_ms, ns_per_s);
  c.patience_ns = log_uniform(rng, 500 * ns_per_ms, 8 * ns_per_s);
  c.request_timeout_ns = log_uniform(rng, 500 * ns_per_ms, 8 * ns_per_s);
  c.reads = 0.2 + share(rng, 0.6);
  c.expiring = rng.chance(0.4) ? share(rng, 0.3) : 0;
}

/// By itself, so that climates without moves stay as they were before there were any.
void draw_moves(Climate& c) {
  Rng rng(mix(c.seed, moves_salt));
  if (!rng.chance(0.5)) return;
  c.set(Fault::migrate, true);
  c.spares = c.nodes == 1 ? 2 : rng.below(3);
  if (c.spares == 0 && c.nodes == c.replication) c.spares = 1;
  c.move_every_ns = log_uniform(rng, ns_per_s, 12 * ns_per_s);
}

/// By itself, too.
void draw_swim(Climate& c) {
  Rng rng(mix(c.seed, swim_salt));
  c.impatient_swim = rng.chance(0.5);
  c.verdicts_wrong = rng.chance(0.15);
}

/// By itself, so that climates without want of room stay as they were before there was any.
void draw_room(Climate& c) {
  Rng rng(mix(c.seed, room_salt));
  if (!rng.chance(0.2)) return;
  c.admission.queue_time_ns = log_uniform(rng, ns_per_ms, 500 * ns_per_ms);
  c.admission.requests_max = static_cast<std::size_t>(rng.between(2, 4));
  c.admission.bytes_max =
      static_cast<std::size_t>(rng.between(2, 4)) * (node::Admission::overhead_bytes + 400);
  // A group may always keep some log, however little all may.
  c.log_bytes_max = 2 * c.log_bytes_per_node + 60'000;
}

/// Nobody takes voters away at random there: what was left then could be lost for good.
void draw_members(Climate& c) {
  Rng rng(mix(c.seed, members_salt));
  if (!rng.chance(0.3)) return;
  c.set(Fault::members, true);
  c.set(Fault::config, false);
  c.reserve = static_cast<std::size_t>(rng.between(1, 4));
  c.change_every_ns = log_uniform(rng, 2 * ns_per_s, 10 * ns_per_s);
}

/// By itself, too, and only where machines come and go.
void draw_authority(Climate& c) {
  Rng rng(mix(c.seed, authority_salt));
  c.set(Fault::authority, rng.chance(0.5) && c.on(Fault::members));
}

/// A lease that holds for too long shows only to somebody who reads and writes just then.
void draw_witnesses(Climate& c) {
  Rng rng(mix(c.seed, witnesses_salt));
  c.witnesses =
      rng.chance(0.5) && c.on(Fault::trap) && c.lease_reads && c.nodes >= 3 && !c.on(Fault::members);
}

}  // namespace

std::string_view name(Fault fault) {
  static constexpr std::array<std::string_view, fault_count> names = {
      "crash",    "crash_many", "pause", "partition", "one_way",   "flap",       "loss",      "duplicate",
      "reorder",  "stale",      "drift", "wall_jump", "slow_disk", "slow_apply", "full_disk", "failed_sync",
      "transfer", "config",     "drain", "again",     "trap",      "migrate",    "members",   "authority"};
  return names[static_cast<std::size_t>(fault)];
}

Climate draw_climate(std::uint64_t seed, std::int64_t duration_ns) {
  Rng rng(seed);
  Climate c;
  c.seed = seed;
  const double windy = 0.15 + share(rng, 0.5);
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (fault < Fault::migrate) c.faults[i] = rng.chance(windy);
  }
  draw_cluster(c, rng);
  draw_speeds(c, rng);
  c.fault_every_ns = log_uniform(rng, 500 * ns_per_ms, 10 * ns_per_s);
  c.fault_for_ns = log_uniform(rng, 200 * ns_per_ms, 8 * ns_per_s);
  c.early = rng.chance(0.25);
  c.heal_all = rng.chance(0.8);
  draw_clients(c, rng);
  c.duration_ns = duration_ns;
  draw_moves(c);
  draw_swim(c);
  draw_room(c);
  draw_members(c);
  draw_witnesses(c);
  draw_authority(c);
  return c;
}

std::string describe(const Climate& c) {
  std::string out = "nodes=" + std::to_string(c.nodes) +
                    (c.spares > 0 ? " spares=" + std::to_string(c.spares) : std::string()) +
                    (c.reserve > 0 ? " reserve=" + std::to_string(c.reserve) : std::string()) +
                    " rf=" + std::to_string(c.replication) + " vshards=" + std::to_string(c.vshards) +
                    " clients=" + std::to_string(c.clients) + " keys=" + std::to_string(c.keys) +
                    " election_ms=" + std::to_string(c.election_ns / ns_per_ms) +
                    " log_bytes=" + std::to_string(c.log_bytes_per_node) + (c.lease_reads ? " lease" : "") +
                    (c.codec ? " codec" : "") + (c.tight() ? " tight" : "") + (c.early ? " early" : "") +
                    (c.heal_all ? "" : " majority") + (c.verdicts_wrong ? " verdicts_wrong" : "") +
                    " faults=";
  bool first = true;
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (!c.faults[i]) continue;
    if (!std::exchange(first, false)) out += ',';
    out += name(static_cast<Fault>(i));
  }
  return first ? out + "none" : out;
}

}  // namespace nodedb::sim
