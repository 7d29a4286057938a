// SPDX-License-Identifier: Apache-2.0
#include "app/fail_points.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "meta/codec.h"
#include "meta/migration.h"
#include "meta/rows.h"
#include "node/namespaces.h"
#include "wire/command_codec.h"

namespace nodedb::app {

namespace {

constexpr const char* variable = "NODEDB_FAILPOINT";

/// An event and a boundary of it: "cutover.after-log". Set before there are threads.
std::string taken;

/// Every event and its boundaries. Checkpoints are named by their phase; `abort` and `end` are the entries
/// that undo and that forget a migration.
std::vector<std::string> all_points() {
  std::vector<std::string> points;
  std::vector<std::string> entries;
  for (const meta::MigrationPhase phase : meta::migration_phases) entries.emplace_back(meta::name(phase));
  entries.insert(entries.end(), {"abort", "end"});
  for (const std::string& entry : entries)
    for (const char* boundary : {".before-log", ".after-log", ".before-apply", ".after-apply"})
      points.push_back(entry + boundary);
  for (const char* point : {"install.before", "install.after", "destroy.before", "destroy.after"})
    points.emplace_back(point);
  return points;
}

void end_at(std::string_view event, std::string_view boundary) {
  if (taken.size() != event.size() + boundary.size()) return;
  if (taken.starts_with(event) && taken.ends_with(boundary)) ::raise(SIGKILL);
}

std::string_view event_of(const raft::Entry& entry) {
  if (entry.kind != raft::EntryKind::command) return {};
  const auto command = wire::decode_command(entry.payload.view());
  if (!command) return {};
  const auto said = meta::decode_entry(command->command);
  if (!said) return {};
  if (const auto* it = std::get_if<meta::MigrationCheckpoint>(&*said))
    return meta::name(it->checkpoint.phase());
  if (std::holds_alternative<meta::MigrationAbort>(*said)) return "abort";
  return std::holds_alternative<meta::MigrationEnd>(*said) ? "end" : std::string_view();
}

/// As stored: the key without its first byte, which says whose row it is.
std::string_view event_of(const Write& write) {
  const auto is_row = [](BytesView key, BytesView kind) {
    return key.starts_with(node::machine_rows) && key.substr(1).starts_with(kind);
  };
  if (const auto* gone = std::get_if<Delete>(&write))
    return is_row(gone->key, meta::checkpoint_rows) ? "end" : std::string_view();
  const auto* put = std::get_if<Put>(&write);
  if (put == nullptr) return {};
  if (is_row(put->key, meta::checkpoint_rows)) {
    const auto row = meta::decode_checkpoint(put->value);
    return row ? meta::name(row->phase()) : std::string_view();
  }
  if (!is_row(put->key, meta::intent_rows)) return {};
  const auto intent = meta::decode_intent(put->value);
  return intent && intent->aborting ? "abort" : std::string_view();
}

class FailingLogStore final : public node::LogStore {
 public:
  explicit FailingLogStore(std::unique_ptr<node::LogStore> store) : store_(std::move(store)) {}

  Result<void> write(std::span<const node::LogBatch> batches) override {
    reach(batches, ".before-log");
    auto written = store_->write(batches);
    if (written) reach(batches, ".after-log");
    return written;
  }
  Result<node::StoredLog> load() override { return store_->load(); }

 private:
  static void reach(std::span<const node::LogBatch> batches, std::string_view boundary) {
    for (const node::LogBatch& batch : batches)
      for (const node::GroupLogUpdate& update : batch.groups)
        if (update.group == metadata_group)
          for (const raft::Entry& entry : update.append) end_at(event_of(entry), boundary);
  }

  std::unique_ptr<node::LogStore> store_;
};

class FailingFlush final : public node::StateFlush {
 public:
  /// `event` is what becomes durable with it, or nothing.
  FailingFlush(std::unique_ptr<node::StateFlush> flush, std::string_view event)
      : flush_(std::move(flush)), event_(event) {}
  const std::vector<node::LiesBehind>& behind() const override { return flush_->behind(); }
  Result<void> finish() override {
    auto finished = flush_->finish();
    if (finished && !event_.empty()) end_at(event_, ".after");
    return finished;
  }

 private:
  std::unique_ptr<node::StateFlush> flush_;
  std::string_view event_;
};

class FailingStateStore final : public node::StateStore {
 public:
  explicit FailingStateStore(std::unique_ptr<node::StateStore> store) : store_(std::move(store)) {}

  Result<void> write(std::vector<node::GroupStateUpdate> updates) override {
    const std::vector<std::string_view> events = events_of(updates);
    for (const std::string_view event : events) end_at(event, ".before-apply");
    if (auto written = store_->write(std::move(updates)); !written) return written;
    for (const std::string_view event : events) end_at(event, ".after-apply");
    return {};
  }
  Result<void> install(GroupId group, raft::Position at, const raft::Config& config) override {
    end_at("install", ".before");
    auto installed = store_->install(group, at, config);
    if (installed) undurable_ = "install";
    return installed;
  }
  Result<void> destroy(GroupId group) override {
    end_at("destroy", ".before");
    auto destroyed = store_->destroy(group);
    if (destroyed) undurable_ = "destroy";
    return destroyed;
  }

  Result<std::vector<node::StoredState>> load() override { return store_->load(); }
  std::unique_ptr<View> view(GroupId group) override { return store_->view(group); }
  Result<void> view_trouble() const override { return store_->view_trouble(); }
  Result<std::unique_ptr<node::StateFlush>> begin_flush(std::optional<GroupId> only) override {
    auto begun = store_->begin_flush(only);
    if (!begun) return begun;
    return std::make_unique<FailingFlush>(std::move(*begun), std::exchange(undurable_, {}));
  }
  std::uint64_t bytes(GroupId group) override { return store_->bytes(group); }
  Result<std::unique_ptr<node::StateSnapshot>> snapshot(GroupId group) override {
    return store_->snapshot(group);
  }
  Result<void> stage(GroupId group, BytesView rows) override { return store_->stage(group, rows); }
  Result<void> discard_staged(GroupId group) override { return store_->discard_staged(group); }

 private:
  static std::vector<std::string_view> events_of(const std::vector<node::GroupStateUpdate>& updates) {
    std::vector<std::string_view> events;
    for (const node::GroupStateUpdate& update : updates)
      if (update.group == metadata_group)
        for (const Write& write : update.writes) events.push_back(event_of(write));
    return events;
  }

  std::unique_ptr<node::StateStore> store_;
  std::string_view undurable_;  ///< what the flush that begins next makes durable
};

}  // namespace

Result<void> take_fail_point() {
  const char* const given = std::getenv(variable);
  if (given == nullptr) return {};
  taken = given;
  ::unsetenv(variable);
  const std::vector<std::string> points = all_points();
  if (std::ranges::find(points, taken) != points.end()) return {};
  std::string known;
  for (const std::string& point : points) known += " " + point;
  return fail(Code::malformed, std::string(variable) + ": no fail point " + taken + "; there are:" + known);
}

void arm_fail_point(std::unique_ptr<node::LogStore>& log, std::unique_ptr<node::StateStore>& state) {
  if (taken.empty()) return;
  log = std::make_unique<FailingLogStore>(std::move(log));
  state = std::make_unique<FailingStateStore>(std::move(state));
}

}  // namespace nodedb::app
