// SPDX-License-Identifier: Apache-2.0
#pragma once

// node::LogStore over a RocksDB of its own in DIR/log: every write is one atomic batch with one sync of the
// write-ahead log. Owned by the disk thread. Keys, records and what is checked on start: docs/formats.md.
//
// A full disk: writes are refused while less than the reserve would be left. If RocksDB runs out of room all
// the same, the ballast is given up, the database closed, and opened again by a later write: recovery cuts
// the half-written record, so nothing of the refused write remains. (RocksDB's own Resume does not help after
// a log file could not grow.) After disk_failed or damaged every later call fails alike: the process must
// stop.

#include <memory>
#include <string>

#include "edge/disk/reserve.h"
#include "node/store.h"

namespace rocksdb {
class Env;
}

namespace nodedb::edge {

struct LogStoreOptions {
  std::string directory;  ///< the data directory, DIR; exists
  ReserveOptions reserve;
  std::size_t write_buffer_bytes = 32u << 20;  ///< memory, and with it the size of a log file; speed only
  rocksdb::Env* env = nullptr;                 ///< for fault tests; must outlive the store
};

class RocksLogStore : public node::LogStore {
 public:
  /// A sentence for the node's log about a torn tail that was cut when the store was opened; else empty.
  virtual std::string notice() const = 0;
};

/// Errors: damaged, disk_full, disk_failed.
Result<std::unique_ptr<RocksLogStore>> open_log_store(const LogStoreOptions& options);

}  // namespace nodedb::edge
