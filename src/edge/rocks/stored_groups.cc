// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/stored_groups.h"

#include <memory>
#include <string>

#include "edge/disk/damage.h"
#include "edge/rocks/database.h"

namespace nodedb::edge {

Result<std::vector<std::pair<GroupId, StateMeta>>> read_metas(rocksdb::DB& db, const std::string& directory) {
  std::vector<std::pair<GroupId, StateMeta>> metas;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(rocksdb::ReadOptions()));
  for (at->Seek(meta_key(GroupId(0))); at->Valid(); at->Next()) {
    const BytesView key = at->key().ToStringView();
    if (key.size() != prefix_bytes) {
      return std::unexpected(damage(directory, "a meta row has a wrong key"));
    }
    const GroupId group(read_big<std::uint32_t>(key, 4));
    if (group.value >= group_count) {
      return fail(Code::incompatible, directory + ": it holds group " + std::to_string(group.value) +
                                          ", which this build does not know");
    }
    auto meta = decode_state_meta(group, at->value().ToStringView());
    if (!meta && meta.error().code == Code::damaged) {
      return std::unexpected(damage(directory, meta.error().detail));
    }
    if (!meta) return std::unexpected(meta.error());
    metas.emplace_back(group, std::move(*meta));
  }
  if (!at->status().ok()) return std::unexpected(to_error(at->status(), directory));
  return metas;
}

Result<std::vector<Generation>> find_strays(rocksdb::DB& db, const std::string& directory,
                                            const std::function<bool(Generation)>& is_current) {
  std::vector<Generation> strays;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(rocksdb::ReadOptions()));
  at->SeekToFirst();
  while (at->Valid()) {
    const BytesView key = at->key().ToStringView();
    if (key.size() < prefix_bytes) {
      return std::unexpected(damage(directory, "a row has a key of a wrong size"));
    }
    const Generation found{GroupId(read_big<std::uint32_t>(key)), read_big<std::uint32_t>(key, 4)};
    if (found.group.value == meta_space) break;
    if (!is_current(found)) strays.push_back(found);
    at->Seek(prefix_after(found));
  }
  if (!at->status().ok()) return std::unexpected(to_error(at->status(), directory));
  return strays;
}

}  // namespace nodedb::edge
