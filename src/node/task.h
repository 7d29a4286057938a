// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the core asks of the apply thread, and what comes back. Tasks are done strictly in the order in which
// turns give them, so a read that is handed out after an apply sees it. node/applier.h does them over a
// StateStore.

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/hlc.h"
#include "node/store.h"
#include "wire/messages.h"

namespace nodedb::node {

struct GroupEntries {
  GroupId group;
  std::vector<raft::Entry> entries;  ///< gapless, committed and durable here
  bool want_replies = false;         ///< this node leads: somebody waits
};
struct ApplyTask {
  std::vector<GroupEntries> groups;
};
struct ReadTask {
  std::uint64_t token = 0;
  GroupId group;
  Index applied;  ///< all entries up to here have been handed out for this group
  Hlc hlc;
  Blob query;
};
struct FlushTask {
  std::uint64_t token = 0;
};
struct OpenSnapshotTask {
  wire::TransferId transfer;
  GroupId group;
};
struct ReadSnapshotTask {
  wire::TransferId transfer;
  std::uint64_t sequence = 0;  ///< rising by one: each goes on where the one before ended
  std::size_t bytes_max = 0;
};
struct CloseSnapshotTask {
  wire::TransferId transfer;
};
struct StageTask {
  wire::TransferId transfer;
  GroupId group;
  std::uint64_t sequence = 0;  ///< 0 discards what an earlier transfer staged
  Blob rows;
};
struct InstallTask {
  wire::TransferId transfer;
  GroupId group;
  raft::Position at;
  raft::Config config;
};
/// The state machine's own clean-up command, if something is due (StateMachine::command_when_due).
struct DueTask {
  GroupId group;
  Hlc hlc;
};

/// The group's log is gone from this node: its state goes, too.
struct DestroyTask {
  GroupId group;
};

/// How large are these groups' states?
struct SizeTask {
  std::vector<GroupId> groups;
};

using StateTask = std::variant<ApplyTask, ReadTask, FlushTask, OpenSnapshotTask, ReadSnapshotTask,
                               CloseSnapshotTask, StageTask, InstallTask, DueTask, DestroyTask, SizeTask>;

struct EntryReply {
  Index index;
  Result<Blob> reply;  ///< errors: stale_session, out_of_order
};
struct GroupApplied {
  GroupId group;
  raft::Position applied;
  std::vector<EntryReply> replies;          ///< if wanted, one for each command entry
  Batch metadata;                           ///< group 0 only: the row changes, for the node's own tables
  std::optional<std::int64_t> next_due_ns;  ///< the earliest clean-up that these entries cause
  std::optional<Error> halted;              ///< entry applied.index + 1 cannot be understood by this build
};
struct Applied {
  std::vector<GroupApplied> groups;
};
struct ReadDone {
  std::uint64_t token = 0;
  Result<Blob> reply;
};
struct Flushed {
  std::uint64_t token = 0;
  std::vector<LiesBehind> behind;
};
struct SnapshotOpened {
  wire::TransferId transfer;
  Result<raft::Position> at;
  std::uint64_t bytes = 0;  ///< about all of it
};
struct SnapshotRead {
  wire::TransferId transfer;
  std::uint64_t sequence = 0;
  Result<SnapshotRows> rows;
};
struct Staged {
  wire::TransferId transfer;
  GroupId group;
  std::uint64_t sequence = 0;
};
struct Installed {
  wire::TransferId transfer;
  GroupId group;
  raft::Position at;
  raft::Config config;
  std::vector<Put> metadata;  ///< group 0 only: all rows
};
struct DueFound {
  GroupId group;
  std::optional<Blob> command;
  std::optional<std::int64_t> next_due_ns;
};

struct SnapshotClosed {
  wire::TransferId transfer;
};

struct Destroyed {
  GroupId group;
};

struct Sized {
  std::vector<std::pair<GroupId, std::uint64_t>> bytes;  ///< about
};

using StateDone = std::variant<Applied, ReadDone, Flushed, SnapshotClosed, SnapshotOpened, SnapshotRead,
                               Staged, Installed, DueFound, Destroyed, Sized>;

}  // namespace nodedb::node
