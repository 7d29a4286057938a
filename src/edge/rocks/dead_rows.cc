// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/dead_rows.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace nodedb::edge {

void DeadRows::add(rocksdb::DB& db, Bytes from, Bytes to) {
  ranges_.push_back({std::move(from), std::move(to), db.GetLatestSequenceNumber()});
}

std::vector<DeadRange> DeadRows::take_unseen(rocksdb::DB& db) {
  std::uint64_t oldest = 0;  // 0: there is no snapshot
  if (ranges_.empty() || !db.GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest))
    return {};
  const auto unseen = std::ranges::partition(
      ranges_, [oldest](const DeadRange& range) { return oldest != 0 && oldest < range.dropped_at; });
  std::vector<DeadRange> taken(std::make_move_iterator(unseen.begin()),
                               std::make_move_iterator(unseen.end()));
  ranges_.erase(unseen.begin(), unseen.end());
  return taken;
}

void remove_tables_within(rocksdb::DB& db, const std::vector<DeadRange>& dead) {
  if (dead.empty()) return;
  std::vector<rocksdb::Slice> bounds;
  for (const DeadRange& range : dead) bounds.insert(bounds.end(), {range.from, range.to});
  std::vector<rocksdb::RangePtr> ranges;
  for (std::size_t i = 0; i < bounds.size(); i += 2) ranges.emplace_back(&bounds[i], &bounds[i + 1]);
  // What stays takes room until a compaction.
  rocksdb::DeleteFilesInRanges(&db, db.DefaultColumnFamily(), ranges.data(), ranges.size(), false)
      .PermitUncheckedError();
}

}  // namespace nodedb::edge
