// SPDX-License-Identifier: Apache-2.0
#include "node/applier.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/flat_map.h"
#include "base/prefetch.h"
#include "node/namespaces.h"
#include "node/overlay.h"
#include "node/session.h"
#include "wire/command_codec.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::node {

namespace {

Bytes encode_clock(Hlc clock) {
  Bytes row;
  wire::Writer out(row);
  out.u64(static_cast<std::uint64_t>(clock.wall_ns));
  out.u32(clock.logical);
  return row;
}

Result<Hlc> decode_clock(BytesView row) {
  wire::Reader in(row);
  Hlc clock;
  clock.wall_ns = static_cast<std::int64_t>(in.u64());
  clock.logical = in.u32();
  if (!in.ok() || !in.at_end()) return fail(Code::damaged, "a clock row does not parse");
  return clock;
}

}  // namespace

/// What the applier remembers of a group between tasks: all of the node's own rows in it.
struct GroupMemory {
  Hlc clock;
  NodeMap<Session> sessions;
  std::optional<Error> halted;
};

/// One task's work on one group: the entries' effects gather here and are stored in one update.
class GroupApply {
 public:
  GroupApply(const GroupEntries& entries, const StateMachine& machine, const View& stored,
             GroupMemory& memory, PlantedBugs bugs)
      : group_(entries.group),
        left_(entries.entries.size()),
        machine_(machine),
        stored_(stored),
        overlay_(machine_view_),
        memory_(memory),
        bugs_(bugs) {
    // Most entries write a row, and some one more; then come a session's and perhaps the clock's.
    update_.writes.reserve(2 * left_ + 2);
  }

  /// The next entry. False: this build cannot understand the entry; nothing of it has happened.
  bool apply(const raft::Entry& entry, bool want_reply) {
    --left_;
    if (entry.kind == raft::EntryKind::command) {
      auto outcome = command(entry);
      if (!outcome) {
        memory_.halted = outcome.error();
        return false;
      }
      if (want_reply) done_.replies.push_back({entry.index, as_blob(std::move(*outcome))});
    }
    done_.applied = raft::Position{entry.index, entry.term};
    return true;
  }

  GroupStateUpdate take_update() {
    if (own_clock_) update_.writes.push_back(Put{clock_key(), encode_clock(*own_clock_)});
    for (const NodeId gateway : sessions_changed_)
      update_.writes.push_back(Put{session_key(gateway), memory_.sessions.at(gateway).encode()});
    update_.group = group_;
    update_.applied = done_.applied;
    return std::move(update_);
  }

  GroupApplied take_done() {
    done_.group = group_;
    done_.halted = memory_.halted;
    return std::move(done_);
  }

 private:
  static Result<Blob> as_blob(Result<Bytes> reply) {
    return reply ? Result<Blob>(Blob(std::move(*reply))) : std::unexpected(std::move(reply.error()));
  }

  /// The outer error halts; the inner one is the client's answer.
  Result<Result<Bytes>> command(const raft::Entry& entry) {
    auto decoded = wire::decode_command(entry.payload.view());
    if (!decoded) return std::unexpected(decoded.error());
    if (decoded->stamp.gateway == NodeId()) return execute(entry, *decoded, nullptr);
    Session& session = session_of(decoded->stamp.gateway);
    switch (session.admit(decoded->stamp)) {
      case Session::Verdict::stale:
        return fail_reply(Code::stale_session, "a later life of the gateway has written already");
      case Session::Verdict::out_of_order:
        return fail_reply(Code::out_of_order, "an earlier write of the gateway has not been applied");
      case Session::Verdict::duplicate:
        if (bugs_.duplicate_apply) break;
        if (const Bytes* reply = session.reply_to(decoded->stamp.sequence)) return Result<Bytes>(*reply);
        return fail_reply(Code::stale_session, "the answer to this write was let go");
      case Session::Verdict::apply:
        break;
    }
    auto reply = execute(entry, *decoded, &session);
    if (reply) session.answered(decoded->stamp.sequence, **reply);
    return reply;
  }

  /// Its row is written in any case: even a refused write tells which answers are no longer needed.
  Session& session_of(NodeId gateway) {
    if (std::ranges::find(sessions_changed_, gateway) == sessions_changed_.end())
      sessions_changed_.push_back(gateway);
    return memory_.sessions[gateway];
  }

  static Result<Result<Bytes>> fail_reply(Code code, std::string detail) {
    return Result<Bytes>(fail(code, std::move(detail)));
  }

  /// `session`: null if it comes from no gateway.
  Result<Result<Bytes>> execute(const raft::Entry& entry, const wire::CommandEntry& command,
                                Session* session) {
    // Rises strictly within the group even if a later leader's clock is behind.
    const Hlc after = Hlc{memory_.clock.wall_ns, memory_.clock.logical + 1};
    const Hlc stamp = std::max(command.hlc, after);
    const ApplyInput input{group_ == metadata_group ? VShardId() : vshard_of(group_), entry.index, stamp,
                           command.command};
    auto output = machine_.apply(overlay_, input);
    if (!output) return std::unexpected(output.error());
    memory_.clock = stamp;
    if (session != nullptr)
      session->set_hlc(stamp);  // its row is written in any case
    else
      own_clock_ = stamp;
    if (output->due_ns)
      done_.next_due_ns = std::min(*output->due_ns, done_.next_due_ns.value_or(*output->due_ns));
    for (Write& write : output->writes) {
      if (group_ == metadata_group) done_.metadata.push_back(write);
      if (left_ > 0) overlay_.add(write);
      update_.writes.push_back(to_stored(std::move(write)));
    }
    return Result<Bytes>(std::move(output->reply));
  }

  GroupId group_;
  std::size_t left_;  ///< entries to come, which must see what those before them wrote
  const StateMachine& machine_;
  const View& stored_;
  MachineView machine_view_{stored_};
  Overlay overlay_;
  GroupMemory& memory_;
  PlantedBugs bugs_;
  std::vector<NodeId> sessions_changed_;
  std::optional<Hlc> own_clock_;  ///< at the latest write that came from no gateway
  GroupStateUpdate update_;
  GroupApplied done_;
};

struct Applier::State {
  using Memories = std::vector<std::optional<GroupMemory>>;

  StateStore& store;
  const StateMachine& data;
  const StateMachine& metadata;
  PlantedBugs bugs;
  Memories memory;  ///< by group
  std::map<wire::TransferId, std::unique_ptr<StateSnapshot>> snapshots;
  std::map<wire::TransferId, Bytes> snapshot_cursors;
  std::unique_ptr<StateFlush> flush;  ///< of the task under way

  const StateMachine& machine_of(GroupId group) const { return group == metadata_group ? metadata : data; }

  std::optional<GroupMemory>& remembered(GroupId group) {
    CHECK(group.value < group_count);
    return memory[group.value];
  }

  /// Before the group at `at` is worked on: asks for what the next ones need (base/prefetch.h), in two steps,
  /// as one part tells where the other lies.
  void look_ahead(const std::vector<GroupEntries>& groups, std::size_t at) const {
    constexpr std::size_t steps = 2;
    constexpr std::size_t command_bytes = 128;
    if (at + steps < groups.size()) {
      const GroupEntries& soon = groups[at + steps];
      for (const raft::Entry& entry : soon.entries)
        prefetch(entry.payload.view().data(), std::min(entry.payload.size(), command_bytes));
      if (const auto& known = memory[soon.group.value])
        for (const auto& [gateway, session] : known->sessions) prefetch(&session, sizeof(session));
    }
    if (at + 2 * steps < groups.size()) {
      const GroupEntries& later = groups[at + 2 * steps];
      prefetch(later.entries.data(), sizeof(raft::Entry));
      prefetch(&memory[later.group.value], sizeof(GroupMemory));
      store.prefetch(later.group);
    }
  }

  Result<GroupMemory*> memory_of(GroupId group, const View& stored) {
    std::optional<GroupMemory>& known = remembered(group);
    if (known) return &*known;
    GroupMemory fresh;
    if (const auto row = stored.get(clock_key())) {
      auto clock = decode_clock(*row);
      if (!clock) return std::unexpected(clock.error());
      fresh.clock = *clock;
    }
    for (auto at = stored.seek(session_rows()); at->valid(); at->next()) {
      const auto gateway = gateway_of(at->key());
      if (!gateway) break;
      auto session = Session::decode(at->value());
      if (!session) return std::unexpected(session.error());
      fresh.clock = std::max(fresh.clock, session->hlc());
      fresh.sessions[*gateway] = std::move(*session);
    }
    return &known.emplace(std::move(fresh));
  }

  /// Of everything, or of what the task has just done to one group.
  Result<void> begin_flush(std::optional<GroupId> only = std::nullopt) {
    auto begun = store.begin_flush(only);
    if (!begun) return std::unexpected(begun.error());
    flush = std::move(*begun);
    return {};
  }

  Result<StateDone> run(const ApplyTask& task);
  Result<StateDone> run(const ReadTask& task);
  Result<StateDone> run(const FlushTask& task);
  Result<StateDone> run(const OpenSnapshotTask& task);
  Result<StateDone> run(const ReadSnapshotTask& task);
  Result<StateDone> run(const CloseSnapshotTask& task);
  Result<StateDone> run(const StageTask& task);
  Result<StateDone> run(const InstallTask& task);
  Result<StateDone> run(const DueTask& task);
  Result<StateDone> run(const DestroyTask& task);
  Result<StateDone> run(const SizeTask& task);
};

Result<StateDone> Applier::State::run(const ApplyTask& task) {
  Applied done;
  done.groups.reserve(task.groups.size());
  std::vector<GroupStateUpdate> updates;
  updates.reserve(task.groups.size());
  for (std::size_t i = 0; i < task.groups.size(); ++i) {
    look_ahead(task.groups, i);
    const GroupEntries& entries = task.groups[i];
    const auto stored = store.view(entries.group);
    auto known = memory_of(entries.group, *stored);
    if (!known) return std::unexpected(known.error());
    if ((*known)->halted) continue;
    GroupApply apply(entries, machine_of(entries.group), *stored, **known, bugs);
    bool any = false;
    for (const raft::Entry& entry : entries.entries) {
      if (!apply.apply(entry, entries.want_replies)) break;
      any = true;
    }
    if (any) updates.push_back(apply.take_update());
    done.groups.push_back(apply.take_done());
  }
  if (auto written = store.write(std::move(updates)); !written) {
    // What is remembered is ahead of the store now: it is read from there again.
    for (const GroupApplied& one : done.groups) remembered(one.group).reset();
    return std::unexpected(written.error());
  }
  return done;
}

Result<StateDone> Applier::State::run(const ReadTask& task) {
  const auto stored = store.view(task.group);
  auto known = memory_of(task.group, *stored);
  if (!known) return ReadDone{task.token, std::unexpected(known.error())};
  const MachineView view(*stored);
  const Hlc hlc = std::max(task.hlc, (*known)->clock);
  const VShardId vshard = task.group == metadata_group ? VShardId() : vshard_of(task.group);
  const ReadInput input{vshard, task.applied, hlc, task.query.view()};
  return ReadDone{task.token, Blob(machine_of(task.group).read(view, input))};
}

Result<StateDone> Applier::State::run(const FlushTask& task) {
  if (auto begun = begin_flush(); !begun) return std::unexpected(begun.error());
  return Flushed{task.token, flush->behind()};
}

Result<StateDone> Applier::State::run(const OpenSnapshotTask& task) {
  auto snapshot = store.snapshot(task.group);
  if (!snapshot) return SnapshotOpened{task.transfer, std::unexpected(snapshot.error()), 0};
  const SnapshotOpened opened{task.transfer, (*snapshot)->position(), (*snapshot)->bytes()};
  snapshots.insert_or_assign(task.transfer, std::move(*snapshot));
  snapshot_cursors.insert_or_assign(task.transfer, Bytes());
  return opened;
}

Result<StateDone> Applier::State::run(const ReadSnapshotTask& task) {
  const auto open = snapshots.find(task.transfer);
  if (open == snapshots.end()) {
    return SnapshotRead{task.transfer, task.sequence, fail(Code::not_found, "the snapshot is not open")};
  }
  Bytes& cursor = snapshot_cursors[task.transfer];
  auto rows = open->second->read(cursor, task.bytes_max);
  if (rows) cursor = rows->last_key;
  return SnapshotRead{task.transfer, task.sequence, std::move(rows)};
}

Result<StateDone> Applier::State::run(const CloseSnapshotTask& task) {
  snapshots.erase(task.transfer);
  snapshot_cursors.erase(task.transfer);
  return SnapshotClosed{task.transfer};
}

Result<StateDone> Applier::State::run(const StageTask& task) {
  if (task.sequence == 0) {
    if (auto discarded = store.discard_staged(task.group); !discarded)
      return std::unexpected(discarded.error());
  }
  // The planted bug spares the genesis, which is no transfer.
  const bool dropped = bugs.snapshot_without_data && task.transfer != wire::TransferId();
  if (!task.rows.empty() && !dropped) {
    if (auto staged = store.stage(task.group, task.rows.view()); !staged)
      return std::unexpected(staged.error());
  }
  return Staged{task.transfer, task.group, task.sequence};
}

Result<StateDone> Applier::State::run(const InstallTask& task) {
  if (auto installed = store.install(task.group, task.at, task.config); !installed) {
    return std::unexpected(installed.error());
  }
  remembered(task.group).reset();
  Installed done{task.transfer, task.group, task.at, task.config, {}};
  if (task.group == metadata_group) {
    const auto stored = store.view(task.group);
    done.metadata = all_rows(MachineView(*stored));
  }
  if (auto begun = begin_flush(task.group); !begun) return std::unexpected(begun.error());
  return done;
}

Result<StateDone> Applier::State::run(const DueTask& task) {
  const auto stored = store.view(task.group);
  const MachineView view(*stored);
  DueFound found{task.group, std::nullopt, machine_of(task.group).next_due_ns(view)};
  if (auto command = machine_of(task.group).command_when_due(view, task.hlc))
    found.command = Blob(std::move(*command));
  return found;
}

Result<StateDone> Applier::State::run(const DestroyTask& task) {
  if (auto discarded = store.discard_staged(task.group); !discarded)
    return std::unexpected(discarded.error());
  if (auto destroyed = store.destroy(task.group); !destroyed) return std::unexpected(destroyed.error());
  remembered(task.group).reset();
  if (auto begun = begin_flush(task.group); !begun) return std::unexpected(begun.error());
  return Destroyed{task.group};
}

Result<StateDone> Applier::State::run(const SizeTask& task) {
  Sized done;
  for (const GroupId group : task.groups) done.bytes.emplace_back(group, store.bytes(group));
  return done;
}

Applier::Applier(StateStore& store, const StateMachine& data, const StateMachine& metadata, PlantedBugs bugs)
    : state_(new State{store, data, metadata, bugs, State::Memories(group_count), {}, {}, {}}) {}

Applier::~Applier() = default;

Result<Applier::Outcome> Applier::run(const StateTask& task) {
  auto done = std::visit([this](const auto& one) { return state_->run(one); }, task);
  if (!done) return std::unexpected(done.error());
  // A view answers "no such row" where it could not read: nothing computed from that may leave.
  if (auto sound = state_->store.view_trouble(); !sound) return std::unexpected(sound.error());
  return Outcome{std::move(*done), std::move(state_->flush)};
}

}  // namespace nodedb::node
