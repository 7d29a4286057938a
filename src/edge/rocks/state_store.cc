// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/state_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "edge/disk/files.h"
#include "edge/rocks/database.h"
#include "edge/rocks/dead_rows.h"
#include "edge/rocks/events.h"
#include "edge/rocks/kept_back.h"
#include "edge/rocks/staged_rows.h"
#include "edge/rocks/state_flush.h"
#include "edge/rocks/state_meta.h"
#include "edge/rocks/state_view.h"
#include "edge/rocks/stored_groups.h"

namespace nodedb::edge {

namespace {

/// Range tombstones in memory before they are flushed away: each new one makes the next read sort them all.
constexpr std::size_t tombstones_max = 128;
/// Groups' rows go to RocksDB in batches of about so much.
constexpr std::size_t batch_bytes = 256u << 10;

/// What RocksDB has of a group.
struct Group {
  std::optional<StateMeta> meta;  ///< nothing: it has no such group
  std::unique_ptr<View> rows;     ///< of the current generation; null until asked for
  std::uint32_t unused = 0;       ///< while there is no such group: a generation's number that was not used
};

class Store final : public node::StateStore {
 public:
  Store(StateStoreOptions options, std::string directory, std::unique_ptr<rocksdb::DB> db,
        std::shared_ptr<const Events> events, std::shared_ptr<const rocksdb::Cache> blocks)
      : options_(std::move(options)),
        directory_(std::move(directory)),
        events_(std::move(events)),
        blocks_(std::move(blocks)),
        db_(std::move(db)),
        trouble_{directory_, std::nullopt},
        cache_(RowCache::places_within(options_.row_cache_bytes)),
        staged_(*db_, events_, directory_ + "/staged", options_.table_bytes_min, options_.staged_bytes) {}
  /// RocksDB makes durable what it has when it closes; trouble loses nothing that the log does not have.
  ~Store() override {
    if (!options_.read_only) static_cast<void>(write_out_all());
  }

  /// Removes what transfers of an earlier life have left.
  Result<void> clear_staged() { return staged_.clear(); }
  Result<std::vector<node::StoredState>> load() override;
  std::unique_ptr<View> view(GroupId group) override;
  void prefetch(GroupId group) const override { kept_back_.prefetch(group); }
  Result<void> view_trouble() const override;
  Result<void> write(std::vector<node::GroupStateUpdate> updates) override;
  Result<std::unique_ptr<node::StateFlush>> begin_flush(std::optional<GroupId> only) override;
  std::uint64_t bytes(GroupId group) override { return approximate_bytes(*db_, current(group)); }
  Result<std::unique_ptr<node::StateSnapshot>> snapshot(GroupId group) override;
  Result<void> stage(GroupId group, BytesView rows) override;
  Result<void> discard_staged(GroupId group) override;
  Result<void> install(GroupId group, raft::Position at, const raft::Config& config) override;
  Result<void> destroy(GroupId group) override;

 private:
  Group& group_of(GroupId id) { return groups_[id.value]; }
  const Group* find(GroupId id) const;
  Generation current(GroupId group) const;
  Generation next(GroupId group) const;
  const View& stored_rows(GroupId id);
  void tell_memory() const;
  void tell_staged() const;
  void forget_staged(GroupId group);
  StateMeta add(rocksdb::WriteBatch& batch, GroupId id, const KeptBack::Rows& rows);
  Result<void> write_out(std::span<const GroupId> groups);
  Result<void> write_out(GroupId group);
  Result<void> write_out_left_behind(std::uint64_t flushes_min);
  Result<void> write_out_all() { return write_out_left_behind(0); }
  void drop(rocksdb::WriteBatch& batch, const Bytes& from, const Bytes& to);
  template <class Attempt>
  Result<void> with_room(const Attempt& attempt);
  Result<void> commit(rocksdb::WriteBatch& batch);
  Result<void> read_groups();
  Result<void> drop_strays();
  std::unexpected<Error> refused(Error error);

  StateStoreOptions options_;
  std::string directory_;
  std::shared_ptr<const Events> events_;
  std::shared_ptr<const rocksdb::Cache> blocks_;
  std::unique_ptr<rocksdb::DB> db_;
  Trouble trouble_;
  RowCache cache_;
  std::optional<Error> failed_;  // stays: the process must stop
  std::unordered_map<std::uint32_t, Group> groups_;
  KeptBack kept_back_{[this](GroupId group) -> const View& { return stored_rows(group); }};
  DeadRows dead_;
  StagedRows staged_;
  std::size_t tombstones_ = 0;
};

const Group* Store::find(GroupId id) const {
  const auto known = groups_.find(id.value);
  return known == groups_.end() ? nullptr : &known->second;
}

Generation Store::current(GroupId group) const {
  CHECK(group.value < group_count);
  const Group* const known = find(group);
  if (known == nullptr) return {group, 0};
  return {group, known->meta ? known->meta->generation : known->unused};
}

Generation Store::next(GroupId group) const {
  const Generation now = current(group);
  return {group, now.number + 1};
}

void Store::drop(rocksdb::WriteBatch& batch, const Bytes& from, const Bytes& to) {
  batch.DeleteRange(from, to);
  ++tombstones_;
}

const View& Store::stored_rows(GroupId id) {
  Group& group = group_of(id);
  if (!group.rows) group.rows = make_view(*db_, trouble_, cache_, current(id));
  return *group.rows;
}

void Store::tell_memory() const {
  if (options_.memory == nullptr) return;
  std::uint64_t memtables = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &memtables);
  options_.memory->memtable_bytes = memtables;
  options_.memory->block_cache_bytes = blocks_->GetUsage();
  options_.memory->row_cache_bytes = cache_.bytes();
}

void Store::tell_staged() const {
  if (options_.memory != nullptr) options_.memory->staged_bytes = staged_.bytes();
}

void Store::forget_staged(GroupId group) {
  staged_.forget(group);
  tell_staged();
}

/// What is kept back of the group, and the position that it makes; the meta row that it gets.
StateMeta Store::add(rocksdb::WriteBatch& batch, GroupId id, const KeptBack::Rows& rows) {
  const Generation generation = current(id);
  const Bytes prefix = prefix_of(generation);
  for (const auto& [from, to] : rows.newer.ranges()) {
    drop(batch, prefix + from, to.empty() ? prefix_after(generation) : prefix + to);
  }
  for (const node::RowChange* change : rows.newer.changes()) {
    const rocksdb::Slice key[] = {prefix, change->key()};
    const auto value = change->value();
    if (!value) {
      batch.Delete(rocksdb::SliceParts(key, 2));
      continue;
    }
    const rocksdb::Slice content[] = {*value};
    batch.Put(rocksdb::SliceParts(key, 2), rocksdb::SliceParts(content, 1));
  }
  StateMeta meta{generation.number, rows.applied, std::nullopt};
  batch.Put(meta_key(id), encode(id, meta));
  return meta;
}

/// All that is kept back of the groups, in one batch. Pre: something is, of each.
Result<void> Store::write_out(std::span<const GroupId> groups) {
  rocksdb::WriteBatch batch;
  std::vector<StateMeta> metas;
  bool ranges = false;
  for (const GroupId id : groups) {
    const KeptBack::Rows& rows = *kept_back_.find(id);
    metas.push_back(add(batch, id, rows));
    ranges = ranges || !rows.newer.ranges().empty();
  }
  if (auto done = commit(batch); !done) return done;
  tell_memory();
  if (ranges) cache_.forget(groups.size() == 1 ? prefix_of(current(groups.front())) : Bytes());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Bytes prefix = prefix_of(current(groups[i]));
    for (const node::RowChange* change : kept_back_.find(groups[i])->newer.changes())
      cache_.update(Bytes(prefix).append(change->key()), change->value());
    group_of(groups[i]).meta = std::move(metas[i]);
  }
  kept_back_.let_go(groups);
  return {};
}

Result<void> Store::write_out(GroupId id) {
  if (kept_back_.find(id) == nullptr) return {};
  return write_out(std::span(&id, 1));
}

/// All that at least so many flushes have left behind.
Result<void> Store::write_out_left_behind(std::uint64_t flushes_min) {
  for (;;) {
    const std::vector<GroupId> oldest = kept_back_.oldest(batch_bytes, flushes_min);
    if (oldest.empty()) return {};
    if (auto done = write_out(oldest); !done) return done;
  }
}

std::unexpected<Error> Store::refused(Error error) {
  if (error.code != Code::disk_full) failed_ = error;
  return std::unexpected(std::move(error));
}

/// Again if RocksDB has stopped for want of room and finds some now.
template <class Attempt>
Result<void> Store::with_room(const Attempt& attempt) {
  auto done = attempt();
  // Resuming does nothing while RocksDB looks for room by itself; it helps when it has given up.
  if (!done && done.error().code == Code::disk_full && db_->Resume().ok()) done = attempt();
  return done;
}

/// All or nothing, at once visible, durable with the next flush.
Result<void> Store::commit(rocksdb::WriteBatch& batch) {
  if (auto sound = view_trouble(); !sound) return sound;
  const auto written = with_room([&]() -> Result<void> {
    const rocksdb::Status status = db_->Write(unlogged(), &batch);
    if (!status.ok()) return std::unexpected(to_error(status, directory_));
    return {};
  });
  if (!written) return refused(written.error());
  if (tombstones_ < tombstones_max) return {};
  tombstones_ = 0;
  rocksdb::FlushOptions soon;
  soon.wait = false;
  soon.allow_write_stall = true;
  // Trouble with it shows at the next write.
  db_->Flush(soon).PermitUncheckedError();
  return {};
}

Result<void> Store::view_trouble() const {
  if (failed_) return std::unexpected(*failed_);
  if (trouble_.error) return std::unexpected(*trouble_.error);
  return {};
}

Result<std::vector<node::StoredState>> Store::load() {
  if (auto written = write_out_all(); !written) return std::unexpected(written.error());
  if (auto sound = view_trouble(); !sound) return std::unexpected(sound.error());
  if (auto read = read_groups(); !read) return std::unexpected(read.error());
  if (!options_.read_only) {
    if (auto dropped = drop_strays(); !dropped) return std::unexpected(dropped.error());
  }
  std::vector<node::StoredState> states;
  for (const auto& [id, group] : groups_)
    if (group.meta) states.push_back({GroupId(id), group.meta->applied, group.meta->snapshot_config});
  std::ranges::sort(states, {}, &node::StoredState::group);
  return states;
}

Result<void> Store::read_groups() {
  groups_.clear();
  dead_.clear();
  auto metas = read_metas(*db_, directory_);
  if (!metas) return refused(std::move(metas.error()));
  for (auto& [group, meta] : *metas) group_of(group).meta = std::move(meta);
  return {};
}

Result<void> Store::drop_strays() {
  const auto strays = find_strays(*db_, directory_, [this](Generation found) {
    const Group* const known = find(found.group);
    return known != nullptr && known->meta && known->meta->generation == found.number;
  });
  if (!strays) return refused(strays.error());
  rocksdb::WriteBatch batch;
  for (const Generation stray : *strays) drop(batch, prefix_of(stray), prefix_after(stray));
  if (batch.Count() == 0) return {};
  return commit(batch);
}

std::unique_ptr<View> Store::view(GroupId id) {
  const KeptBack::Rows* const rows = kept_back_.find(id);
  return std::make_unique<SharedView>(rows != nullptr ? rows->newer : stored_rows(id));
}

Result<void> Store::write(std::vector<node::GroupStateUpdate> updates) {
  if (auto sound = view_trouble(); !sound) return sound;
  while (kept_back_.bytes() > options_.kept_back_bytes) {
    if (auto done = write_out(kept_back_.oldest(batch_bytes, 0)); !done) return done;
  }
  for (const node::GroupStateUpdate& update : updates) {
    if (kept_back_.bytes(update.group) <= options_.kept_back_group_bytes) continue;
    if (auto done = write_out(update.group); !done) return done;
  }
  for (node::GroupStateUpdate& update : updates) kept_back_.add(std::move(update));
  if (options_.memory != nullptr) options_.memory->kept_back_bytes = kept_back_.bytes();
  return {};
}

Result<std::unique_ptr<node::StateFlush>> Store::begin_flush(std::optional<GroupId> only) {
  if (auto written = only ? write_out(*only) : write_out_left_behind(1); !written) {
    return std::unexpected(written.error());
  }
  std::vector<node::LiesBehind> behind;
  if (!only) {
    kept_back_.count_flush();
    for (const GroupId id : kept_back_.groups()) {
      const std::optional<StateMeta>& stored = group_of(id).meta;
      behind.push_back({id, stored ? stored->applied.index : Index()});
    }
  }
  tombstones_ = 0;
  return std::make_unique<RocksFlush>(*db_, directory_, events_, std::move(behind), dead_.take_unseen(*db_));
}

Result<std::unique_ptr<node::StateSnapshot>> Store::snapshot(GroupId group) {
  if (auto written = write_out(group); !written) return std::unexpected(written.error());
  if (auto sound = view_trouble(); !sound) return std::unexpected(sound.error());
  const std::optional<StateMeta>& meta = group_of(group).meta;
  return make_snapshot(*db_, directory_, current(group), meta ? meta->applied : raft::Position{});
}

Result<void> Store::stage(GroupId group, BytesView rows) {
  if (auto sound = view_trouble(); !sound) return sound;
  auto added = staged_.add(next(group), rows);
  tell_staged();
  if (!added && added.error().code != Code::malformed) return refused(std::move(added.error()));
  return added;
}

Result<void> Store::discard_staged(GroupId group) {
  if (staged_.handed_over(group)) {
    rocksdb::WriteBatch batch;
    drop(batch, prefix_of(next(group)), prefix_after(next(group)));
    if (auto done = commit(batch); !done) return done;
  }
  forget_staged(group);
  return {};
}

Result<void> Store::install(GroupId group, raft::Position at, const raft::Config& config) {
  if (auto sound = view_trouble(); !sound) return sound;
  const Generation old = current(group);
  const StateMeta meta{old.number + 1, at, config};
  rocksdb::WriteBatch batch;
  if (auto done = with_room([&] { return staged_.hand_over(group, batch); }); !done)
    return refused(std::move(done.error()));
  batch.Put(meta_key(group), encode(group, meta));
  drop(batch, prefix_of(old), prefix_after(old));
  if (auto done = commit(batch); !done) return done;
  dead_.add(*db_, prefix_of(old), prefix_after(old));
  kept_back_.let_go(std::span(&group, 1));
  cache_.forget(prefix_of(old));
  group_of(group) = Group{meta, nullptr};
  forget_staged(group);
  return {};
}

Result<void> Store::destroy(GroupId group) {
  CHECK(group.value < group_count);
  rocksdb::WriteBatch batch;
  drop(batch, prefix_of({group, 0}), prefix_of({group + 1, 0}));
  batch.Delete(meta_key(group));
  if (auto done = commit(batch); !done) return done;
  const Generation staged = next(group);
  dead_.add(*db_, prefix_of({group, 0}), prefix_after(staged));
  kept_back_.let_go(std::span(&group, 1));
  cache_.forget(prefix_of({group, 0}).substr(0, sizeof(std::uint32_t)));
  group_of(group) = Group{std::nullopt, nullptr, staged.number + 1};
  forget_staged(group);
  return {};
}

}  // namespace

Result<std::unique_ptr<node::StateStore>> open_state_store(const StateStoreOptions& given) {
  StateStoreOptions options = given;
  const std::string directory = options.directory + "/state";
  if (options.read_only) {
    options.kept_back_bytes = options.kept_back_group_bytes = std::numeric_limits<std::size_t>::max();
  } else if (auto made = make_directory(directory); !made) {
    return std::unexpected(made.error());
  }
  const auto events = std::make_shared<Events>();
  const std::shared_ptr<rocksdb::Cache> blocks = rocksdb::NewLRUCache(options.block_cache_bytes);
  rocksdb::Options wanted = database_options(options.env, options.write_buffer_bytes, blocks);
  wanted.listeners.push_back(events);
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = options.read_only ? rocksdb::DB::OpenForReadOnly(wanted, directory, &opened)
                                                   : rocksdb::DB::Open(wanted, directory, &opened);
  if (!status.ok()) return std::unexpected(to_error(status, directory));
  auto store =
      std::make_unique<Store>(options, directory, std::unique_ptr<rocksdb::DB>(opened), events, blocks);
  if (!options.read_only) {
    if (auto cleared = store->clear_staged(); !cleared) return std::unexpected(cleared.error());
  }
  return store;
}

}  // namespace nodedb::edge
