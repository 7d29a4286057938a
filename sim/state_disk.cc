// SPDX-License-Identifier: Apache-2.0
#include "sim/state_disk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/mix.h"

namespace nodedb::sim {

namespace {

const Rows no_rows;

std::uint64_t row_digest(BytesView key, BytesView value) {
  return mix(mix(1, key), value);
}

std::unexpected<Error> no_room() {
  return fail(Code::disk_full, "simulated: no room");
}

class RowCursor final : public Cursor {
 public:
  RowCursor(Rows::const_iterator at, Rows::const_iterator end) : at_(at), end_(end) {}
  bool valid() const override { return at_ != end_; }
  void next() override { ++at_; }
  BytesView key() const override { return at_->first; }
  BytesView value() const override { return at_->second; }

 private:
  Rows::const_iterator at_;
  Rows::const_iterator end_;
};

class RowView final : public View {
 public:
  explicit RowView(const Rows& rows) : rows_(rows) {}
  std::optional<Bytes> get(BytesView key) const override {
    const auto at = rows_.find(key);
    if (at == rows_.end()) return std::nullopt;
    return at->second;
  }
  std::unique_ptr<Cursor> seek(BytesView from) const override {
    return std::make_unique<RowCursor>(rows_.lower_bound(from), rows_.end());
  }

 private:
  const Rows& rows_;
};

class RowSnapshot final : public node::StateSnapshot {
 public:
  RowSnapshot(Rows rows, raft::Position at) : rows_(std::move(rows)), at_(at) {}
  raft::Position position() const override { return at_; }
  std::uint64_t bytes() const override {
    std::uint64_t sum = 0;
    for (const auto& [key, value] : rows_) sum += key.size() + value.size();
    return sum;
  }
  Result<node::SnapshotRows> read(BytesView after, std::size_t bytes_max) override {
    node::SnapshotRows out;
    auto row = after.empty() ? rows_.begin() : rows_.upper_bound(after);
    for (; row != rows_.end() && out.rows.size() < bytes_max; ++row) {
      wire::append_row(out.rows, {row->first, row->second});
      out.last_key = row->first;
    }
    out.done = row == rows_.end();
    return out;
  }

 private:
  Rows rows_;
  raft::Position at_;
};

}  // namespace

void StateDisk::put(Group& group, const Put& put) {
  const auto [row, fresh] = group.rows.try_emplace(put.key, put.value);
  if (!fresh) {
    group.digest -= row_digest(row->first, row->second);
    row->second = put.value;
  }
  group.digest += row_digest(row->first, row->second);
}

void StateDisk::erase(Group& group, Rows::iterator row) {
  group.digest -= row_digest(row->first, row->second);
  group.rows.erase(row);
}

void StateDisk::apply(Group& group, const node::GroupStateUpdate& update) {
  for (const Write& write : update.writes) {
    if (const auto* p = std::get_if<Put>(&write)) {
      put(group, *p);
    } else if (const auto* d = std::get_if<Delete>(&write)) {
      const auto row = group.rows.find(d->key);
      if (row != group.rows.end()) erase(group, row);
    } else if (const auto* range = std::get_if<DeleteRange>(&write)) {
      auto row = group.rows.lower_bound(range->from);
      while (row != group.rows.end() && (range->to.empty() || row->first < range->to)) erase(group, row++);
    }
  }
  group.applied = update.applied;
  group.snapshot_config.reset();
}

Result<std::vector<node::StoredState>> StateDisk::load() {
  std::vector<node::StoredState> out;
  for (const auto& [id, group] : live_) out.push_back({id, group.applied, group.snapshot_config});
  return out;
}

std::unique_ptr<View> StateDisk::view(GroupId group) {
  const auto at = live_.find(group);
  return std::make_unique<RowView>(at == live_.end() ? no_rows : at->second.rows);
}

Result<void> StateDisk::write(std::vector<node::GroupStateUpdate> updates) {
  if (full_) return no_room();
  for (node::GroupStateUpdate& update : updates) {
    Group& group = live_[update.group];
    const raft::Position before = group.applied;
    apply(group, update);
    if (witness_ != nullptr) {
      witness_->state_moved(update.group, before, update.applied, group.digest, false);
    }
    change(update.group, std::move(update));
  }
  return {};
}

class StateDisk::Flush final : public node::StateFlush {
 public:
  /// `upto`: the latest change that it makes durable; of the groups in `behind`, the latest before them.
  Flush(StateDisk& disk, std::optional<GroupId> only, std::uint64_t upto, std::uint64_t upto_behind,
        std::vector<node::LiesBehind> behind)
      : disk_(disk), only_(only), upto_(upto), upto_behind_(upto_behind), behind_(std::move(behind)) {}
  const std::vector<node::LiesBehind>& behind() const override { return behind_; }
  Result<void> finish() override {
    if (disk_.full_) return no_room();
    disk_.harden_if([this](const Unflushed& one) {
      if (only_ && one.group != *only_) return false;
      const bool lies_behind =
          std::ranges::find(behind_, one.group, &node::LiesBehind::group) != behind_.end();
      return one.number <= (lies_behind ? upto_behind_ : upto_);
    });
    return {};
  }

 private:
  StateDisk& disk_;
  std::optional<GroupId> only_;
  std::uint64_t upto_;
  std::uint64_t upto_behind_;
  std::vector<node::LiesBehind> behind_;
};

Result<std::unique_ptr<node::StateFlush>> StateDisk::begin_flush(std::optional<GroupId> only) {
  std::vector<node::LiesBehind> behind;
  const std::uint64_t before = changes_at_flush_;
  if (!only) {
    behind = lying_behind();
    ++flushes_;
    changes_at_flush_ = changes_;
  }
  return std::make_unique<Flush>(*this, only, changes_, before, std::move(behind));
}

/// The groups that the next flush of all leaves behind: other ones each time, and none that was installed or
/// destroyed since the one before it.
std::vector<node::LiesBehind> StateDisk::lying_behind() const {
  std::map<GroupId, Index> durable;
  std::set<GroupId> changed;
  std::set<GroupId> remade;
  for (const Unflushed& one : unflushed_) {
    const auto* update = std::get_if<node::GroupStateUpdate>(&one.change);
    if (one.number > changes_at_flush_) {
      (update != nullptr ? changed : remade).insert(one.group);
    } else if (update != nullptr) {
      durable[one.group] = update->applied.index;
    } else {
      const auto* install = std::get_if<Install>(&one.change);
      durable[one.group] = install != nullptr ? install->group.applied.index : Index();
    }
  }
  std::vector<node::LiesBehind> behind;
  for (const GroupId group : changed) {
    if (remade.contains(group) || (flushes_ + group.value) % 2 == 0) continue;
    const auto known = durable_.find(group);
    const Index stored = known == durable_.end() ? Index() : known->second.applied.index;
    behind.push_back({group, durable.contains(group) ? durable[group] : stored});
  }
  return behind;
}

void StateDisk::harden(Change& change) {
  if (const auto* update = std::get_if<node::GroupStateUpdate>(&change)) {
    apply(durable_[update->group], *update);
  } else if (auto* install = std::get_if<Install>(&change)) {
    durable_[install->id] = std::move(install->group);
  } else {
    durable_.erase(std::get<Destroy>(change).id);
  }
}

template <class Chosen>
void StateDisk::harden_if(Chosen chosen) {
  std::erase_if(unflushed_, [&](Unflushed& one) {
    if (!chosen(one)) return false;
    harden(one.change);
    return true;
  });
}

std::uint64_t StateDisk::bytes(GroupId group) {
  std::uint64_t sum = 0;
  if (const Rows* held = rows(group))
    for (const auto& [key, value] : *held) sum += key.size() + value.size();
  return sum;
}

Result<std::unique_ptr<node::StateSnapshot>> StateDisk::snapshot(GroupId group) {
  const auto at = live_.find(group);
  if (at == live_.end()) return std::make_unique<RowSnapshot>(Rows{}, raft::Position{});
  return std::make_unique<RowSnapshot>(at->second.rows, at->second.applied);
}

Result<void> StateDisk::stage(GroupId group, BytesView rows) {
  if (full_) return no_room();
  Staged& staged = staged_[group];
  if (auto rising = staged.keys.follow(rows); !rising) return rising;
  wire::RowReader reader(rows);
  for (auto row = reader.next(); row && *row; row = reader.next())
    staged.rows.emplace_hint(staged.rows.end(), (*row)->key, (*row)->value);
  return {};
}

Result<void> StateDisk::discard_staged(GroupId group) {
  staged_.erase(group);
  return {};
}

Result<void> StateDisk::install(GroupId id, raft::Position at, const raft::Config& config) {
  if (full_) return no_room();
  Group group;
  const auto staged = staged_.find(id);
  if (staged != staged_.end()) {
    for (const auto& [key, value] : staged->second.rows) group.digest += row_digest(key, value);
    group.rows = std::move(staged->second.rows);
    staged_.erase(staged);
  }
  group.applied = at;
  group.snapshot_config = config;
  const raft::Position before = position(id);
  change(id, Install{id, group});
  const std::uint64_t digest = group.digest;
  live_[id] = std::move(group);
  if (witness_ != nullptr) witness_->state_moved(id, before, at, digest, true);
  return {};
}

Result<void> StateDisk::destroy(GroupId group) {
  if (full_) return no_room();
  change(group, Destroy{group});
  live_.erase(group);
  staged_.erase(group);
  return {};
}

void StateDisk::crash(Rng& rng) {
  // One draw, whatever there is to lose, so that what follows in a world does not depend on it.
  Rng luck(rng.next());
  std::map<GroupId, std::uint64_t> kept;
  for (const Unflushed& one : unflushed_) {
    const std::uint64_t first = unflushed_.front().number;
    kept.try_emplace(one.group, first + luck.below(unflushed_.back().number - first + 2));
  }
  harden_if([&kept](const Unflushed& one) { return one.number < kept.at(one.group); });
  unflushed_.clear();
  live_ = durable_;
  std::erase_if(staged_, [&](const auto&) { return rng.chance(0.5); });
}

raft::Position StateDisk::position(GroupId group) const {
  const auto at = live_.find(group);
  return at == live_.end() ? raft::Position{} : at->second.applied;
}

std::uint64_t StateDisk::digest(GroupId group) const {
  const auto at = live_.find(group);
  return at == live_.end() ? 0 : at->second.digest;
}

const Rows* StateDisk::rows(GroupId group) const {
  const auto at = live_.find(group);
  return at == live_.end() ? nullptr : &at->second.rows;
}

std::vector<GroupId> StateDisk::groups() const {
  std::vector<GroupId> out;
  for (const auto& [id, group] : live_) out.push_back(id);
  return out;
}

}  // namespace nodedb::sim
