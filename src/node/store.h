// SPDX-License-Identifier: Apache-2.0
#pragma once

// The store port: what a node needs of a disk. Two stores, because they are written by different threads and
// recover differently: the log store is durable when a write returns; the state store is durable when `flush`
// returns, and what it lost is applied again from the log. edge/rocks implements both over RocksDB, sim/ over
// maps that forget what was not synced.
//
// Errors, of every call: disk_full (nothing of the call is visible; try again once there is room),
// disk_failed (unknown what is durable: the process must stop), damaged (stored bytes contradict their
// checksums; the detail names the place and what to do).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nodedb/cluster/state_machine.h"
#include "raft/types.h"

namespace nodedb::node {

// --- the log store: disk thread ---

/// Where a group's stored log begins, and the config in force there.
struct LogBase {
  raft::Position at;
  raft::Config config;
  bool operator==(const LogBase&) const = default;
};

/// Applied to the stored group in the order of the fields.
struct GroupLogUpdate {
  GroupId group;
  std::optional<raft::HardState> hard;
  std::optional<Index> truncate_from;  ///< drop entries with index >= this
  std::optional<LogBase> base;         ///< drop entries with index <= base.at.index; creates the group if new
  std::vector<raft::Entry> append;     ///< gapless above what is left
  bool destroy = false;                ///< forget the group altogether (nothing else is set)
};

struct LogBatch {
  std::vector<GroupLogUpdate> groups;
  /// Replaces the node's identity record (opaque; wire/identity_codec.h), written with the genesis.
  std::optional<Bytes> identity;
};

struct StoredGroup {
  GroupId group;
  raft::HardState hard;
  LogBase base;
  std::vector<raft::Entry> log;  ///< gapless from base.at.index + 1
};
struct StoredLog {
  std::optional<Bytes> identity;
  std::vector<StoredGroup> groups;  ///< ascending by group
};

class LogStore {
 public:
  virtual ~LogStore() = default;
  /// All batches, in order, atomically, with one sync. Durable when it returns.
  virtual Result<void> write(std::span<const LogBatch> batches) = 0;
  virtual Result<StoredLog> load() = 0;
};

// --- the state store: apply thread ---

struct StoredState {
  GroupId group;
  raft::Position applied;
  /// The config at `applied` if that is where a snapshot was installed; lets a boot finish an install whose
  /// log base did not become durable.
  std::optional<raft::Config> snapshot_config;
  bool operator==(const StoredState&) const = default;
};

/// One group's effects. The batch and the applied position become visible together. After a crash, each group
/// is as it was after some of its updates, in their order, and at least those that were flushed.
struct GroupStateUpdate {
  GroupId group;
  Batch writes;
  raft::Position applied;
};

struct SnapshotRows {
  Bytes rows;      ///< wire/rows.h: key, value, key, value, …
  Bytes last_key;  ///< pass it as `after` to go on
  bool done = false;
};

/// A consistent view of one group's rows, pinned until it is destroyed. May outlive later writes.
class StateSnapshot {
 public:
  virtual ~StateSnapshot() = default;
  virtual raft::Position position() const = 0;
  /// About the size of all its rows; a guess.
  virtual std::uint64_t bytes() const = 0;
  /// Rows with key > `after` (from the first if empty), about `bytes_max` of them.
  virtual Result<SnapshotRows> read(BytesView after, std::size_t bytes_max) = 0;
};

/// A group of which a flush has less than was written: only up to there.
struct LiesBehind {
  GroupId group;
  Index durable;
  bool operator==(const LiesBehind&) const = default;
};

/// A flush under way: of what was written before it began.
class StateFlush {
 public:
  virtual ~StateFlush() = default;
  /// Those that lie behind; none if it is of one group alone.
  virtual const std::vector<LiesBehind>& behind() const = 0;
  /// Blocks until all but that is durable; again after disk_full. On any one thread, beside whatever else the
  /// store does, as long as the store lives.
  virtual Result<void> finish() = 0;
};

class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual Result<std::vector<StoredState>> load() = 0;  ///< ascending by group

  /// The group's current rows; sees writes made after it was taken or not: use it at once. Never null: an
  /// unknown group is empty.
  virtual std::unique_ptr<View> view(GroupId group) = 0;
  /// The group is looked at soon (base/prefetch.h).
  virtual void prefetch(GroupId) const {}
  /// The first trouble that a view or cursor had with stored bytes (damaged, disk_failed). They cannot say so
  /// themselves and answer "no such row": ask before anything computed from a view leaves. It stays, and
  /// `write` answers with it too.
  virtual Result<void> view_trouble() const { return {}; }
  virtual Result<void> write(std::vector<GroupStateUpdate> updates) = 0;
  /// Of one group alone; or of all, in which a group may lie behind, but not with what was written before the
  /// last flush of all began. disk_full: it has not begun; never right after the group's install or
  /// destruction.
  virtual Result<std::unique_ptr<StateFlush>> begin_flush(std::optional<GroupId> only = std::nullopt) = 0;
  /// All of everything.
  Result<void> flush() {
    for (bool all = false; !all;) {
      auto begun = begin_flush();
      if (!begun) return std::unexpected(begun.error());
      if (auto done = (*begun)->finish(); !done) return done;
      all = (*begun)->behind().empty();
    }
    return {};
  }

  /// About the size of the group's current rows; a guess.
  virtual std::uint64_t bytes(GroupId group) = 0;
  virtual Result<std::unique_ptr<StateSnapshot>> snapshot(GroupId group) = 0;
  /// Adds rows (wire/rows.h) to the group's next generation, invisible until `install`; their keys rise from
  /// call to call. Errors besides: malformed.
  virtual Result<void> stage(GroupId group, BytesView rows) = 0;
  /// Forgets what was staged.
  virtual Result<void> discard_staged(GroupId group) = 0;
  /// Makes the staged generation current, with its position, in one step, and drops the old one. Durable with
  /// the next flush, and not to be told before (rule R6). With nothing staged: installs an empty state.
  virtual Result<void> install(GroupId group, raft::Position at, const raft::Config& config) = 0;
  /// Drops the group's rows and position. Durable with the next flush: until then a crash may bring them
  /// back.
  virtual Result<void> destroy(GroupId group) = 0;
};

}  // namespace nodedb::node
