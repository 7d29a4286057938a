// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a state store must hold, kept in plain maps, and a stream of random but legal steps for both.

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "base/rng.h"
#include "node/store.h"
#include "wire/rows.h"

namespace nodedb::edge {

using RowMap = std::map<Bytes, Bytes>;

struct StageStep {
  GroupId group;
  RowMap rows;
};
struct DiscardStep {
  GroupId group;
};
struct InstallStep {
  GroupId group;
  raft::Position at;
  raft::Config config;
};
struct DestroyStep {
  GroupId group;
};
struct FlushStep {
  std::optional<GroupId> only;
};
using StateStep = std::variant<std::vector<node::GroupStateUpdate>, StageStep, DiscardStep, InstallStep,
                               DestroyStep, FlushStep>;

inline Bytes encode_rows(const RowMap& rows) {
  Bytes encoded;
  for (const auto& [key, value] : rows) wire::append_row(encoded, {key, value});
  return encoded;
}

inline RowMap rows_in(const View& view, BytesView from = {}) {
  RowMap rows;
  for (const auto at = view.seek(from); at->valid(); at->next()) rows[Bytes(at->key())] = at->value();
  return rows;
}

struct GroupModel {
  node::StoredState state;
  RowMap rows;
  bool operator==(const GroupModel&) const = default;
};
using StateContent = std::map<GroupId, GroupModel>;

class StateModel {
 public:
  void apply(const StateStep& step) {
    std::visit([this](const auto& known) { apply(known); }, step);
  }
  const StateContent& content() const { return content_; }
  /// What was staged is forgotten by a restart.
  void restart(StateContent content) {
    content_ = std::move(content);
    staged_.clear();
  }

  static constexpr GroupId groups[] = {GroupId(0), GroupId(341), GroupId(682), GroupId(1023)};

  StateStep random_step(Rng& rng) const {
    const GroupId group = groups[rng.below(4)];
    const auto known = content_.find(group);
    const Index applied = known == content_.end() ? Index(1) : known->second.state.applied.index;
    const std::uint64_t luck = rng.below(100);
    if (luck < 10) return StageStep{group, rows_to_stage(group, rng)};
    if (luck < 12) return DiscardStep{group};
    if (luck < 16) {
      raft::Config config;
      config.voters = {NodeId(1), NodeId(static_cast<std::uint32_t>(2 + rng.below(9)))};
      return InstallStep{group, {applied + 1 + rng.below(5), Term(3)}, config};
    }
    if (luck < 17) return DestroyStep{group};
    if (luck < 20) return FlushStep{luck < 18 ? std::optional(group) : std::nullopt};
    std::vector<node::GroupStateUpdate> updates;
    for (std::uint64_t i = 1 + rng.below(3); i > 0; --i) {
      const GroupId owner = groups[rng.below(4)];
      const auto there = content_.find(owner);
      const Index from = there == content_.end() ? Index(1) : there->second.state.applied.index;
      updates.push_back({owner, random_writes(rng), {from + 1 + rng.below(3), Term(2)}});
    }
    return updates;
  }

 private:
  static Bytes random_key(Rng& rng) {
    Bytes key(1 + rng.below(3), '\0');
    constexpr BytesView letters("\0a\xff", 3);
    for (char& c : key) c = letters[rng.below(letters.size())];
    return key;
  }
  /// Behind those that are staged, and so few that others fit behind them.
  RowMap rows_to_stage(GroupId group, Rng& rng) const {
    const auto before = staged_.find(group);
    const bool any = before != staged_.end() && !before->second.empty();
    RowMap rows;
    for (std::uint64_t i = rng.below(30); i > 0; --i) {
      const Bytes key = random_key(rng);
      if (!any || key > before->second.rbegin()->first) rows[key] = Bytes(rng.below(200), 's');
    }
    const std::uint64_t most = 1 + rng.below(8);
    while (rows.size() > most) rows.erase(std::prev(rows.end()));
    return rows;
  }
  static Batch random_writes(Rng& rng) {
    Batch writes;
    for (std::uint64_t i = rng.below(6); i > 0; --i) {
      const std::uint64_t luck = rng.below(10);
      if (luck < 7) {
        writes.push_back(Put{random_key(rng), Bytes(rng.below(300), static_cast<char>('a' + rng.below(26)))});
      } else if (luck < 9) {
        writes.push_back(Delete{random_key(rng)});
      } else {
        writes.push_back(DeleteRange{random_key(rng), rng.chance(0.3) ? Bytes() : random_key(rng)});
      }
    }
    return writes;
  }

  void apply(const std::vector<node::GroupStateUpdate>& updates) {
    for (const node::GroupStateUpdate& update : updates) {
      GroupModel& group = content_[update.group];
      group.state = {update.group, update.applied, std::nullopt};
      for (const Write& write : update.writes) apply(group.rows, write);
    }
  }
  static void apply(RowMap& rows, const Write& write) {
    if (const auto* put = std::get_if<Put>(&write)) rows[put->key] = put->value;
    if (const auto* gone = std::get_if<Delete>(&write)) rows.erase(gone->key);
    if (const auto* range = std::get_if<DeleteRange>(&write)) {
      std::erase_if(rows, [range](const auto& row) {
        return row.first >= range->from && (range->to.empty() || row.first < range->to);
      });
    }
  }
  void apply(const StageStep& step) {
    for (const auto& [key, value] : step.rows) staged_[step.group][key] = value;
  }
  void apply(const DiscardStep& step) { staged_.erase(step.group); }
  void apply(const InstallStep& step) {
    content_[step.group] = {{step.group, step.at, step.config}, staged_[step.group]};
    staged_.erase(step.group);
  }
  void apply(const DestroyStep& step) {
    content_.erase(step.group);
    staged_.erase(step.group);
  }
  void apply(const FlushStep&) {}

  StateContent content_;
  std::map<GroupId, RowMap> staged_;
};

/// What a flush has left behind.
inline Result<std::vector<node::LiesBehind>> carry_out(node::StateStore& store, const StateStep& step) {
  struct Doer {
    node::StateStore& store;
    std::vector<node::LiesBehind> behind;
    Result<void> operator()(const std::vector<node::GroupStateUpdate>& updates) {
      return store.write(updates);
    }
    Result<void> operator()(const StageStep& stage) {
      return store.stage(stage.group, encode_rows(stage.rows));
    }
    Result<void> operator()(const DiscardStep& discard) { return store.discard_staged(discard.group); }
    Result<void> operator()(const InstallStep& install) {
      return store.install(install.group, install.at, install.config);
    }
    Result<void> operator()(const DestroyStep& destroy) { return store.destroy(destroy.group); }
    Result<void> operator()(const FlushStep& flush) {
      auto begun = store.begin_flush(flush.only);
      if (!begun) return std::unexpected(begun.error());
      behind = (*begun)->behind();
      return (*begun)->finish();
    }
  };
  Doer doer{store, {}};
  if (auto done = std::visit(doer, step); !done) return std::unexpected(done.error());
  return std::move(doer.behind);
}

/// All that a store holds, after its `load`.
inline Result<StateContent> content_of(node::StateStore& store) {
  const auto states = store.load();
  if (!states) return std::unexpected(states.error());
  StateContent content;
  for (const node::StoredState& state : *states) {
    content[state.group] = {state, rows_in(*store.view(state.group))};
  }
  return content;
}

}  // namespace nodedb::edge
