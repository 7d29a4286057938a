// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small file system of its own, in memory, to be filled up: as root only.

#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace nodedb::e2e {

class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=256m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string filler() const { return path_ + "/filler"; }
  /// Eats all but about `left` bytes.
  void fill(std::uintmax_t left) const {
    std::ofstream file(filler(), std::ios::binary);
    const std::string block(1 << 20, 'x');
    while (std::filesystem::space(path_).available > left && file) file.write(block.data(), 1 << 20).flush();
  }
  void empty() const { std::filesystem::remove(filler()); }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace nodedb::e2e
