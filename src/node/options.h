// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the node is told at birth and never changes. Defaults suit a LAN.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/uuid.h"
#include "meta/bugs.h"
#include "node/admission.h"
#include "raft/group.h"
#include "swim/options.h"

namespace nodedb::node {

/// Deliberate bugs above Raft, to prove that the simulator finds them. All off outside tests.
struct PlantedBugs {
  bool snapshot_without_data = false;  ///< installs a snapshot's position without its rows
  bool duplicate_apply = false;        ///< applies a retried write again
  bool lease_on_wall_clock = false;    ///< measures leases with the clock that jumps
  bool reply_before_apply = false;     ///< acknowledges a write when it is proposed
  bool behind_ignored = false;         ///< takes a flush for all that was written before it
  /// Deaf to SWIM, so that in time everybody else seems dead. No bug: verdicts are hints, and all must go
  /// well.
  bool verdicts_wrong = false;
  meta::PlantedBugs moves{};
};

struct Options {
  Uuid uuid;                       ///< this node's, from its certificate
  Uuid cluster;                    ///< from its certificate
  std::string address;             ///< host:port that peers dial
  std::string client_address;      ///< host:port that Redis clients dial; may be empty
  std::string name;                ///< for people; may be empty
  std::string zone;                ///< failure domains, the widest first: `region/zone/rack`; may be empty
  std::uint32_t capacity = 100;    ///< how much it is to hold beside others; 1…10000
  std::vector<std::string> seeds;  ///< the founders' addresses, the same list on each of them
  std::uint32_t replication_factor = 3;  ///< at init; 1…7, odd

  raft::Options raft;
  /// Pulses to each peer; the election timeout is at least 4 of them.
  std::int64_t pulse_ns = 200 * ns_per_ms;
  swim::Options swim;
  /// Leaderships that have been elsewhere for this long go back to the preferred replica, once it has been
  /// healthy for this long; 0: never.
  std::int64_t rebalance_after_ns = 5 * ns_per_s;
  /// Log kept in memory and on disk before the state is flushed and the log compacted: per node, and what a
  /// slow follower may make a group keep. Speed and memory only.
  std::size_t log_bytes_per_node = limits::log_bytes_per_node;
  std::size_t log_bytes_per_group = limits::log_bytes_per_group;
  /// A leader refuses writes (busy) while all logs together hold more. At least log_bytes_per_node.
  std::size_t log_bytes_max = limits::log_bytes_per_node + limits::log_bytes_for_move;
  /// Rows in one snapshot chunk. Speed only.
  std::size_t snapshot_chunk_bytes = limits::snapshot_chunk_bytes;
  /// Log kept for the target of a migration while its snapshot travels, beyond the cap of a group; and how
  /// long a write to the vShard may be held back so that it suffices and the copy ends; 0: never (pace.h).
  std::size_t log_bytes_for_move = limits::log_bytes_for_move;
  std::int64_t write_delay_max_ns = 250 * ns_per_ms;
  /// Which clients' requests are taken in.
  AdmissionOptions admission;
  /// What all snapshots that leave this node may take of its network and disk, bytes per second.
  std::size_t snapshot_bytes_per_second = limits::snapshot_bytes_per_second;
  /// At init, only the first so many vShards get replicas; the others have an empty placement: no group, and
  /// requests to them answer `no_leader`. Fewer than vshard_count only in the simulator, for speed. The same
  /// on every founder.
  std::uint32_t vshards_placed = vshard_count;
  bool trace = false;
  /// Can the state machine understand this command? Asked at the leader's door, so that what no replica could
  /// apply never gets into a log. Pure. Empty: everything is let in.
  std::function<Result<void>(BytesView)> check_command;

  raft::PlantedBugs raft_bugs;
  PlantedBugs bugs;

  /// Every complaint at once; empty if all is well.
  std::vector<std::string> validate() const;
};

}  // namespace nodedb::node
