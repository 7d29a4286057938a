// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the log asks of a directory and of the files in it: just so much, and said so exactly, that a test can
// put a disk in its place that forgets what it may forget. Owned by one thread.
//
// Errors: disk_full (nothing that counts has changed), forbidden, disk_failed; each names file and reason.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::edge {

class SegmentFile {
 public:
  virtual ~SegmentFile() = default;
  virtual std::uint64_t bytes() const = 0;
  virtual Result<Bytes> read(std::uint64_t offset, std::uint64_t bytes) const = 0;
  /// Within the file's size. Until `sync`, a crash may leave any of its sectors as they were.
  virtual Result<void> write(std::uint64_t offset, BytesView bytes) = 0;
  /// Makes all that was written durable. Fails with disk_failed whatever the reason (rule R4).
  virtual Result<void> sync() = 0;
  /// Begins to bring a part to disk, so that a later sync has less to do. Promises nothing.
  virtual void start_sync(std::uint64_t offset, std::uint64_t bytes) = 0;
};

class SegmentFiles {
 public:
  virtual ~SegmentFiles() = default;
  /// For messages.
  virtual const std::string& directory() const = 0;
  /// The files' names, in no order. They are durable: a crash brings none back and takes none away.
  virtual Result<std::vector<std::string>> list() = 0;
  virtual Result<std::unique_ptr<SegmentFile>> open(const std::string& name) = 0;
  /// A file with room for so many bytes, in place of one of that name; neither content nor name is durable.
  virtual Result<std::unique_ptr<SegmentFile>> create(const std::string& name, std::uint64_t bytes) = 0;
  /// Durable when it returns; `from` must be synced.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// Durable when it returns. No such file: done.
  virtual Result<void> remove(const std::string& name) = 0;
};

enum class Access : std::uint8_t { read_only, read_write };

/// The files of a real directory, which exists. They have mode 0600.
std::unique_ptr<SegmentFiles> system_files(std::string directory, Access access);

}  // namespace nodedb::edge
