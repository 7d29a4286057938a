// SPDX-License-Identifier: Apache-2.0
// From what the stores held to replicas, and the few things that a crash may have left half done.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "node/namespaces.h"
#include "node/state.h"
#include "wire/rows.h"

namespace nodedb::node {

namespace {

std::unexpected<Error> state_lost(GroupId group) {
  return fail(Code::damaged,
              "the state of " + named(group) +
                  " is older than its log begins: the data directory has lost files. Move it aside and "
                  "restore it from a copy, or replace this node");
}

}  // namespace

Result<Boot> load_boot(Incarnation incarnation, LogStore& log, StateStore& state) {
  auto stored_log = log.load();
  if (!stored_log) return std::unexpected(stored_log.error());
  auto states = state.load();
  if (!states) return std::unexpected(states.error());
  const auto metadata = state.view(metadata_group);
  return Boot{incarnation, std::move(*stored_log), std::move(*states), all_rows(MachineView(*metadata))};
}

Result<void> Node::State::boot(Boot boot) {
  if (!boot.log.identity) {
    if (!boot.log.groups.empty()) {
      return fail(Code::damaged,
                  "the log holds groups but no identity record: restore the data directory from a copy");
    }
    return {};
  }
  auto record = wire::decode_identity(*boot.log.identity);
  if (!record) return std::unexpected(record.error());
  if (record->cluster != options.cluster || record->node != options.uuid) {
    return fail(Code::wrong_cluster,
                "the data directory belongs to node " + record->node.text() + " of cluster " +
                    record->cluster.text() +
                    ", the certificate to another: start with the right --certs or --data");
  }
  identity = std::move(*record);
  self = identity->id;
  gateway.set_self(self);
  for (StoredGroup& group : boot.log.groups) {
    const auto state = std::lower_bound(boot.states.begin(), boot.states.end(), group.group,
                                        [](const StoredState& a, GroupId b) { return a.group < b; });
    const bool found_state = state != boot.states.end() && state->group == group.group;
    if (auto ok = restore_group(std::move(group), found_state ? &*state : nullptr); !ok) return ok;
  }
  destroy_orphan_states(boot.states);
  metadata_ready = !boot.metadata.empty();
  if (metadata_ready) {
    for (Put& row : boot.metadata) {
      if (auto absorbed = tables.absorb(Write(std::move(row))); !absorbed) return absorbed;
    }
  } else {
    absorb_genesis();
    install_genesis_rows();
  }
  for (const auto& row : tables.migrations.quarantined()) {
    notice("a row of group 0 is damaged and will be taken from its leader: " + row.error.detail);
  }
  adopt_tables();
  metadata_changed();
  next_upkeep = now.mono;
  return {};
}

/// A replica was being destroyed when the node went down: its log went first.
void Node::State::destroy_orphan_states(const std::vector<StoredState>& states) {
  for (const StoredState& state : states) {
    if (state.group == metadata_group || state.group.value >= group_count || replica(state.group) != nullptr)
      continue;
    graves.insert(state.group);
    give(DestroyTask{state.group});
  }
}

Result<void> Node::State::restore_group(StoredGroup stored, const StoredState* state) {
  if (stored.group.value >= group_count) {
    return fail(Code::incompatible, "the log holds group " + std::to_string(stored.group.value) +
                                        ", which this build does not know");
  }
  raft::Restored restored{stored.hard, stored.base.at, stored.base.config, std::move(stored.log),
                          stored.base.at.index};
  if (state == nullptr) {
    if (stored.base.at != birth) return state_lost(stored.group);
    add_replica(stored.group, std::move(restored), birth.index);
    return {};
  }
  const raft::Position at = state->applied;
  if (at.index < stored.base.at.index) return state_lost(stored.group);
  const Index last = restored.log.empty() ? restored.base.index : restored.log.back().index;
  const auto term_there = [&]() -> Term {
    if (at.index == restored.base.index) return restored.base.term;
    return restored.log[at.index.value - restored.base.index.value - 1].term;
  };
  if (at.index > last || term_there() != at.term) {
    // A snapshot was installed and the log was not yet moved behind it: do that now (rule R6).
    if (!state->snapshot_config) {
      return fail(Code::damaged, "the state of " + named(stored.group) +
                                     " is ahead of its log: the data directory has lost files. Move it "
                                     "aside and restore it from a copy, or replace this node");
    }
    const Term term = std::max(restored.hard.term, at.term);
    const NodeId vote = term == restored.hard.term ? restored.hard.vote : NodeId();
    restored.hard = raft::HardState{term, vote, at.index};
    restored.base = at;
    restored.base_config = *state->snapshot_config;
    restored.log.clear();
    GroupLogUpdate mend;
    mend.group = stored.group;
    mend.hard = restored.hard;
    mend.truncate_from = stored.base.at.index + 1;
    mend.base = LogBase{at, restored.base_config};
    boot_updates.push_back(std::move(mend));
    trace({TraceKind::snapshot, stored.group, at.term, at.index, {}, 0, 0});
  }
  restored.applied = at.index;
  add_replica(stored.group, std::move(restored), at.index);
  return {};
}

void Node::State::add_replica(GroupId group, raft::Restored restored, Index applied) {
  const std::optional<raft::Restored> told = options.trace ? std::optional(restored) : std::nullopt;
  raft::Group core(group, self, options.raft, std::move(restored), rng.fork(), now, options.raft_bugs);
  auto& place_for = replicas[group.value];
  place_for = std::make_unique<Replica>(std::move(core));
  place_for->handed = applied;
  place_for->applied = applied;
  place_for->flushed = applied;
  if (told) trace_restart(*place_for, *told);
  touch(group);
}

/// The tables decide who is a member and where: rebuild what hangs on them.
void Node::State::adopt_tables() {
  ids.clear();
  uuids.clear();
  for (const auto& [id, member] : tables.members) {
    ids[member.uuid] = id;
    uuids[id] = member.uuid;
  }
  for (const auto& [peer, what] : known) {
    if (what.hello) meet(peer, what.hello->id);
  }
  routing_changed = true;
  publish_peers();
  watch_members();
  path_filter.slow_after_ns = tables.settings.trace_slow_after_ns;
  gateway.set_path_filter(path_filter);
}

void Node::State::absorb_genesis() {
  for (Put& row : meta::rows_of(identity->genesis)) {
    CHECK(tables.absorb(Write(std::move(row))).has_value());
  }
}

void Node::State::install_genesis_rows() {
  CHECK(identity.has_value());
  const wire::TransferId birth_transfer{};
  Bytes rows;
  for (const Put& row : meta::rows_of(identity->genesis)) {
    const Write stored = to_stored(row);
    wire::append_row(rows, {std::get<Put>(stored).key, std::get<Put>(stored).value});
  }
  const raft::Config config = replica(metadata_group)->raft.config_at(birth.index);
  give(StageTask{birth_transfer, metadata_group, 0, Blob(std::move(rows))});
  give(InstallTask{birth_transfer, metadata_group, birth, config});
}

}  // namespace nodedb::node
