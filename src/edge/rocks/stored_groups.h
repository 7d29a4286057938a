// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a state store finds in RocksDB when it is loaded: the groups' meta rows, and rows that belong to none
// of them. Errors: damaged, incompatible, disk_failed.

#include <rocksdb/db.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "edge/rocks/state_meta.h"

namespace nodedb::edge {

Result<std::vector<std::pair<GroupId, StateMeta>>> read_metas(rocksdb::DB& db, const std::string& directory);

/// Generations that have rows and are not current: unfinished transfers, and groups that were never
/// installed.
Result<std::vector<Generation>> find_strays(rocksdb::DB& db, const std::string& directory,
                                            const std::function<bool(Generation)>& is_current);

}  // namespace nodedb::edge
