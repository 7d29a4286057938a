// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small files and directories, done durably. A file is replaced whole: written beside its place, synced,
// renamed over, and the directory synced, so that after a crash either the old or the new content is there.
// Errors name the path and the system's reason: disk_full when there is no room, forbidden when the
// permissions do not allow it, disk_failed for all else (what is durable is then unknown).

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::edge {

/// An owned file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  /// Closes now, and tells what close said.
  Result<void> close(const std::string& path);

 private:
  int fd_ = -1;
};

/// The error for what the system call `doing` on `path` has just left in errno (`number`).
Error system_error(const std::string& doing, const std::string& path, int number);

/// Makes the directory, with mode 0700, and its parents where they are missing.
Result<void> make_directory(const std::string& path);
Result<void> sync_directory(const std::string& path);

/// Nothing if there is no such file. A file of more than `bytes_max` is `damaged`.
Result<std::optional<Bytes>> read_file(const std::string& path, std::size_t bytes_max);
/// Replaces `directory`/`name`, mode 0600; durable when it returns.
Result<void> write_file_durably(const std::string& directory, const std::string& name, BytesView content);

bool exists(const std::string& path);
/// What an unprivileged process may still allocate on the file system that holds `path`.
Result<std::uint64_t> free_bytes(const std::string& path);
/// What the file system that holds `path` has room for, free or not.
Result<std::uint64_t> disk_bytes(const std::string& path);

}  // namespace nodedb::edge
