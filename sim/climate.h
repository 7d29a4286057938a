// SPDX-License-Identifier: Apache-2.0
#pragma once

// One seed draws the whole climate: how big the cluster is, how it is tuned, which faults blow and how hard
// (swarm testing: Groce et al. 2012: a run that leaves some faults out reaches states that all of them
// together never do). A climate is a value, so a red one can be made milder, one fault at a time, for as long
// as it stays red.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "node/options.h"

namespace nodedb::sim {

enum class Fault : std::uint8_t {
  crash,        ///< one node stops at an instant and comes back
  crash_many,   ///< several, or all, at once
  pause,        ///< a node's core stands still: everything waits, then comes at once
  partition,    ///< the cluster falls into two parts
  one_way,      ///< one direction between two nodes is dead
  flap,         ///< a connection breaks and is made again
  loss,         ///< messages vanish
  duplicate,    ///< messages come twice
  reorder,      ///< messages overtake each other
  stale,        ///< messages come after their connection, even after their sender's life
  drift,        ///< monotonic clocks run apart, as far as the leases allow
  wall_jump,    ///< wall clocks are set to anything
  slow_disk,    ///< writes take up to seconds
  slow_apply,   ///< the state machine lags
  full_disk,    ///< no room for a while
  failed_sync,  ///< fsync fails: the node must stop
  transfer,     ///< leaderships are sent around
  config,       ///< voters become learners and come back
  drain,        ///< a node gives its leaderships away, then restarts
  again,        ///< init is asked for again
  trap,         ///< a leader is cut off at the worst moment: handing over, losing a supporter, frozen
  migrate,      ///< replicas of vShards move from node to node; some moves are cancelled
  members,      ///< machines come, leave, are replaced, wiped and lost for good; settings change
  authority,    ///< the cluster's certificate authority is exchanged, again and again
};
inline constexpr std::size_t fault_count = 24;
std::string_view name(Fault fault);

struct Climate {
  std::uint64_t seed = 0;
  std::array<bool, fault_count> faults{};
  bool on(Fault fault) const { return faults[static_cast<std::size_t>(fault)]; }
  void set(Fault fault, bool value) { faults[static_cast<std::size_t>(fault)] = value; }

  // The cluster.
  std::size_t nodes = 3;    ///< founders
  std::size_t spares = 0;   ///< nodes that join later
  std::size_t reserve = 0;  ///< machines that operators bring in when they please
  std::uint32_t replication = 3;
  std::uint32_t vshards = 4;
  std::int64_t election_ns = 0;
  std::int64_t pulse_ns = 0;
  std::int64_t resend_ns = 0;
  std::int64_t rebalance_ns = 0;
  bool lease_reads = true;
  std::size_t append_entries_max = 0;
  std::size_t inflight_appends_max = 0;
  std::size_t log_bytes_per_node = 0;
  std::size_t log_bytes_per_group = 0;
  std::size_t snapshot_chunk_bytes = 0;

  bool impatient_swim = false;  ///< the profile `local`; else `lan`
  bool verdicts_wrong = false;  ///< SWIM's are, of everybody: nothing may depend on them

  // Speed of things.
  std::int64_t net_ns = 0;    ///< mean one-way delay
  std::int64_t disk_ns = 0;   ///< mean of a log write
  std::int64_t apply_ns = 0;  ///< mean of a task
  std::int64_t core_ns = 0;   ///< until the core looks at what has come
  bool codec = false;         ///< every message goes through its bytes
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
  std::int64_t drift_ppm = 0;  ///< at most, either way

  // Trouble.
  std::int64_t fault_every_ns = 0;   ///< mean between two
  std::int64_t fault_for_ns = 0;     ///< mean of those that last
  std::int64_t move_every_ns = 0;    ///< mean between two moves that are asked for
  std::int64_t change_every_ns = 0;  ///< mean between two changes of members, settings or tokens
  bool early = false;                ///< from the first instant, through bootstrap
  bool heal_all = true;              ///< else only a majority comes back

  // Clients.
  std::size_t clients = 4;
  std::size_t keys = 6;
  std::int64_t think_ns = 0;     ///< mean between a client's operations
  std::int64_t patience_ns = 0;  ///< until a client gives up
  std::int64_t request_timeout_ns = 0;
  double reads = 0.5;
  bool witnesses = false;  ///< look closely where a trap is sprung
  double expiring = 0;     ///< share of unrecorded writes that expire

  /// What a node takes in; tight in some climates, so that few clients are too many.
  node::AdmissionOptions admission;
  std::size_t log_bytes_max = node::Options().log_bytes_max;

  std::int64_t duration_ns = 0;  ///< of the trouble

  std::size_t machines() const { return nodes + spares + reserve; }
  /// Does the placement change?
  bool moves() const { return on(Fault::migrate) || on(Fault::members); }
  /// Are clients refused because there are more of them than find room?
  bool tight() const { return admission.requests_max < clients; }
};

Climate draw_climate(std::uint64_t seed, std::int64_t duration_ns);
/// One line for people.
std::string describe(const Climate& climate);

}  // namespace nodedb::sim
