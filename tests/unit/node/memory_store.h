// SPDX-License-Identifier: Apache-2.0
#pragma once

// A state store over maps, for tests: keeps everything, forgets nothing, takes no snapshots.

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "memory_view.h"
#include "node/store.h"

namespace nodedb::node::test {

class MemoryStore : public StateStore {
 public:
  Result<std::vector<StoredState>> load() override { return std::vector<StoredState>{}; }
  std::unique_ptr<View> view(GroupId of) override { return std::make_unique<MemoryView>(rows_[of]); }
  Result<void> write(std::vector<GroupStateUpdate> updates) override {
    if (full_) return fail(Code::disk_full, "full");
    for (const auto& update : updates) {
      for (const Write& one : update.writes) apply_to(rows_[update.group], one);
      applied_[update.group] = update.applied;
    }
    return {};
  }
  Result<std::unique_ptr<StateFlush>> begin_flush(std::optional<GroupId>) override {
    return std::make_unique<Flush>(behind_);
  }
  std::uint64_t bytes(GroupId of) override { return rows_[of].size(); }
  Result<std::unique_ptr<StateSnapshot>> snapshot(GroupId) override { return fail(Code::unsupported, ""); }
  Result<void> stage(GroupId, BytesView) override { return {}; }
  Result<void> discard_staged(GroupId) override { return {}; }
  Result<void> install(GroupId of, raft::Position at, const raft::Config&) override {
    rows_[of].clear();
    applied_[of] = at;
    return {};
  }
  Result<void> destroy(GroupId) override { return {}; }

  struct Flush final : StateFlush {
    explicit Flush(std::vector<LiesBehind> behind) : behind_(std::move(behind)) {}
    const std::vector<LiesBehind>& behind() const override { return behind_; }
    Result<void> finish() override { return {}; }
    std::vector<LiesBehind> behind_;
  };

  std::map<GroupId, Rows> rows_;
  std::map<GroupId, raft::Position> applied_;
  std::vector<LiesBehind> behind_;  ///< of the flushes to come
  bool full_ = false;
};

}  // namespace nodedb::node::test
