// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the state store asks of RocksDB: options, and its statuses as our errors.

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <cstddef>
#include <memory>
#include <string>

#include "base/error.h"

namespace nodedb::edge {

/// `env` may be null: the system's files. Nothing is logged into the directory, for RocksDB's own log aborts
/// the process when the disk is full.
rocksdb::Options database_options(rocksdb::Env* env, std::size_t write_buffer_bytes,
                                  std::shared_ptr<rocksdb::Cache> blocks);

/// Writes without RocksDB's log: the Raft log is the state's journal.
rocksdb::WriteOptions unlogged();

/// Not ok: disk_full, damaged or disk_failed; the detail names `directory` and, for damage, what to do. A
/// failed sync is disk_failed whatever the reason: nobody knows what is durable (rule R4).
Error to_error(const rocksdb::Status& status, const std::string& directory);

}  // namespace nodedb::edge
