// SPDX-License-Identifier: Apache-2.0
#pragma once

// A stopped node's data directory, looked at: what `wal` and `catalog` have in common. Nothing in it changes.

#include <memory>
#include <string>

#include "app/exit_code.h"
#include "base/error.h"
#include "edge/disk/files.h"
#include "edge/log/segment_files.h"

namespace nodedb::app {

struct OfflineNode {
  edge::FileHandle lock;  ///< keeps the node from starting meanwhile
  std::unique_ptr<edge::SegmentFiles> log;
};

/// Errors: those of DataDirectory::lock_offline.
Result<OfflineNode> open_offline(const std::string& data);

/// Complains; a directory that is in use has a status of its own.
Exit refuse_offline(const Error& error);

}  // namespace nodedb::app
