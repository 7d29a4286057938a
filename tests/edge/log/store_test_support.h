// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of the log store share: a group to write to, and short ways to do so.

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "edge/log/log_store.h"

namespace nodedb::edge::test {

inline constexpr GroupId the_group{7};

inline LogStoreOptions small_options(std::string directory = {}) {
  LogStoreOptions options;
  options.directory = std::move(directory);
  options.free_bytes_min = 0;
  options.segment_bytes = 64 * 1024;
  return options;
}

inline raft::Entry entry(std::uint64_t index, Bytes payload) {
  return {Index(index), Term(1), raft::EntryKind::command, Blob(std::move(payload))};
}

inline node::LogBase base_at(std::uint64_t index) {
  node::LogBase base{{Index(index), Term(1)}, {}};
  base.config.voters = {NodeId(1)};
  return base;
}

inline node::LogBatch batch_of(node::GroupLogUpdate update) {
  return {{std::move(update)}, std::nullopt};
}

/// Makes the group, with index 1 as its base.
inline node::LogBatch first_batch(GroupId group = the_group) {
  node::GroupLogUpdate update;
  update.group = group;
  update.hard = raft::HardState{Term(1), NodeId(2), Index(1)};
  update.base = base_at(1);
  return batch_of(std::move(update));
}

inline node::LogBatch append(std::uint64_t index, Bytes payload, GroupId group = the_group) {
  node::GroupLogUpdate update;
  update.group = group;
  update.append = {entry(index, std::move(payload))};
  return batch_of(std::move(update));
}

inline Result<void> write(node::LogStore& store, const node::LogBatch& batch) {
  return store.write(std::span(&batch, 1));
}

inline std::unique_ptr<SegmentLogStore> open(const LogStoreOptions& options) {
  auto store = open_log_store(options);
  EXPECT_TRUE(store) << store.error().detail;
  return store ? std::move(*store) : nullptr;
}

inline node::StoredLog loaded(node::LogStore& store) {
  auto log = store.load();
  EXPECT_TRUE(log) << log.error().detail;
  return log ? std::move(*log) : node::StoredLog{};
}

}  // namespace nodedb::edge::test
