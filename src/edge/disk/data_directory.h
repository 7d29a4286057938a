// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node's data directory: whose it is, who may use it now, and how often it has been started. Layout and
// file formats: docs/formats.md, section "Data directory". Opening it locks it for this process, refuses it
// if it belongs to another cluster or node, and raises the boot counter durably before anything else can
// happen: no two lives of a node share an incarnation. The lock is held until the object dies.

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/uuid.h"
#include "edge/disk/files.h"

namespace nodedb::edge {

/// Who the node's certificate says that it is.
struct DirectoryOwner {
  Uuid cluster;
  Uuid node;
  bool operator==(const DirectoryOwner&) const = default;
};

class DataDirectory {
 public:
  /// Makes the directory (0700) if it is missing; a new or empty one is bound to `owner`.
  /// Errors: conflict (another process has it; the detail names its pid), wrong_cluster (another cluster's or
  /// node's), invalid_state (holds something else), incompatible (a later format), damaged, disk_full,
  /// forbidden, disk_failed.
  static Result<DataDirectory> open(const std::string& path, const DirectoryOwner& owner);

  /// The lock alone, for a look at a stopped node's directory; changes nothing.
  /// Errors: not_found (no data directory), conflict, forbidden, disk_failed.
  static Result<FileHandle> lock_offline(const std::string& path);

  const std::string& path() const { return path_; }
  /// Higher than in every earlier life of this directory; durable.
  Incarnation incarnation() const { return incarnation_; }

 private:
  DataDirectory(std::string path, FileHandle lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  Result<void> bind(const DirectoryOwner& owner);
  Result<void> raise_incarnation();

  std::string path_;
  FileHandle lock_;
  Incarnation incarnation_;
};

}  // namespace nodedb::edge
