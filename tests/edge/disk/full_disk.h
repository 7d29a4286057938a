// SPDX-License-Identifier: Apache-2.0
#pragma once

// A file system that is really full: a small tmpfs and somebody else's file that fills it. Needs the right to
// mount; the tests are skipped without.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "edge/disk/files.h"
#include "tests/edge/disk/temporary_directory.h"

namespace nodedb::edge {

class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, "size=48m") == 0;
    if (!mounted_) GTEST_SKIP() << "may not mount a tmpfs: not run as root";
  }
  void TearDown() override {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }

  const std::string& path() const { return directory_.path(); }

  /// Leaves `left` bytes, or what is free if that is less.
  void fill(std::uint64_t left) {
    const auto free = free_bytes(path());
    ASSERT_TRUE(free);
    FileHandle file(::open((path() + "/filler").c_str(), O_CREAT | O_WRONLY, 0600));
    ASSERT_TRUE(file.valid());
    if (*free > left) {
      ASSERT_EQ(::posix_fallocate(file.get(), 0, static_cast<off_t>(*free - left)), 0);
    }
  }
  void make_room() { ::unlink((path() + "/filler").c_str()); }

 private:
  TemporaryDirectory directory_;
  bool mounted_ = false;
};

}  // namespace nodedb::edge
