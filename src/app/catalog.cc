// SPDX-License-Identifier: Apache-2.0
#include "app/catalog.h"

#include <algorithm>
#include <utility>

#include "edge/disk/damage.h"
#include "edge/log/replay.h"
#include "edge/rocks/state_store.h"
#include "meta/machine.h"
#include "meta/rows.h"
#include "node/applier.h"
#include "node/namespaces.h"

namespace nodedb::app {

namespace {

Result<void> absorb(std::vector<Put> rows, const std::string& directory, meta::Tables& tables) {
  for (Put& row : rows) {
    const auto absorbed = tables.absorb(Write(std::move(row)));
    if (absorbed) continue;
    if (absorbed.error().code == Code::incompatible) return absorbed;
    return std::unexpected(edge::damage(directory, "a row of group 0: " + absorbed.error().detail));
  }
  return {};
}

/// The entries that are known to be committed and that the store does not have.
std::vector<raft::Entry> newer_entries(node::StoredGroup& group, Index stored) {
  std::vector<raft::Entry> entries;
  for (raft::Entry& entry : group.log)
    if (entry.index > stored && entry.index <= group.hard.commit) entries.push_back(std::move(entry));
  return entries;
}

/// A node that went down before its store had anything begins with what `init` made.
Result<raft::Position> begin(const wire::Identity& identity, node::StateStore& store) {
  const auto states = store.load();
  if (!states) return std::unexpected(states.error());
  for (const node::StoredState& state : *states)
    if (state.group == metadata_group) return state.applied;
  node::GroupStateUpdate update;
  update.group = metadata_group;
  update.applied = {Index(1), Term(1)};
  for (Put& row : meta::rows_of(identity.genesis)) update.writes.push_back(node::to_stored(std::move(row)));
  if (auto written = store.write({std::move(update)}); !written) return std::unexpected(written.error());
  return update.applied;
}

/// As the node's apply thread would.
Result<void> apply(std::vector<raft::Entry> entries, node::StateStore& store, Catalog& catalog) {
  if (entries.empty()) return {};
  const meta::Machine machine;
  node::Applier applier(store, machine, machine);  // it is given nothing of a vShard
  const auto outcome = applier.run(node::ApplyTask{{{metadata_group, std::move(entries), false}}});
  if (!outcome) return std::unexpected(outcome.error());
  for (const node::GroupApplied& done : std::get<node::Applied>(outcome->done).groups) {
    if (done.applied.index > catalog.applied.index) catalog.applied = done.applied;
    catalog.halted = done.halted;
  }
  return {};
}

Result<void> catch_up(node::StoredGroup& group, node::StateStore& store, const std::string& data,
                      Catalog& catalog) {
  if (catalog.stored.index < group.base.at.index)
    return std::unexpected(
        edge::damage(data + "/state", "its state of group 0 is older than its log begins"));
  catalog.last =
      group.log.empty() ? group.base.at : raft::Position{group.log.back().index, group.log.back().term};
  return apply(newer_entries(group, catalog.stored.index), store, catalog);
}

}  // namespace

Result<Catalog> read_catalog(const std::string& data, const OfflineNode& node) {
  auto log = edge::read_log(*node.log);
  if (!log) return std::unexpected(log.error());
  const auto& record = log->outcome.log.identity;
  if (!record) return fail(Code::not_initialised, data + ": this node has never been a member of a cluster");
  auto identity = wire::decode_identity(*record);
  if (!identity) return std::unexpected(identity.error());
  const auto store = edge::open_state_store({.directory = data, .read_only = true});
  if (!store) return std::unexpected(store.error());
  const auto stored = begin(*identity, **store);
  if (!stored) return std::unexpected(stored.error());

  Catalog catalog;
  catalog.identity = std::move(*identity);
  catalog.stored = catalog.applied = catalog.last = *stored;
  for (node::StoredGroup& group : log->outcome.log.groups) {
    if (group.group != metadata_group) continue;
    if (auto done = catch_up(group, **store, data, catalog); !done) return std::unexpected(done.error());
  }
  const auto view = (*store)->view(metadata_group);
  std::vector<Put> rows = node::all_rows(node::MachineView(*view));
  // A view answers "no such row" where it could not read.
  if (auto sound = (*store)->view_trouble(); !sound) return std::unexpected(sound.error());
  if (auto done = absorb(std::move(rows), data + "/state", catalog.tables); !done)
    return std::unexpected(done.error());
  return catalog;
}

}  // namespace nodedb::app
