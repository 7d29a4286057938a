// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tells when any of some files has been exchanged or rewritten, by asking the file system now and then: what
// holds for any file system and any way of replacing a file. Any one thread.

#include <cstdint>
#include <string>
#include <vector>

namespace nodedb::tls {

class FileWatch {
 public:
  /// Counts as seen what is there now.
  explicit FileWatch(std::vector<std::string> paths);

  /// Whether something is another than at the last call, which it then counts as seen: a change that turned
  /// out to be bad is told once, and what makes it good is a change again.
  bool changed();

 private:
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;  ///< 0: there is no such file
    std::int64_t size = 0;
    std::int64_t written_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> look() const;

  std::vector<std::string> paths_;
  std::vector<Stamp> seen_;
};

}  // namespace nodedb::tls
