// SPDX-License-Identifier: Apache-2.0
#include "edge/disk/data_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "edge/disk/sealed_text.h"
#include "tests/edge/disk/full_disk.h"
#include "tests/edge/disk/temporary_directory.h"

namespace nodedb::edge {
namespace {

DirectoryOwner owner(std::uint64_t seed) {
  Rng rng(seed);
  return DirectoryOwner{Uuid::v4(rng), Uuid::v4(rng)};
}

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0);
  return found.st_mode & 0777;
}

TEST(DataDirectory, is_made_private_and_counts_its_lives) {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/a/b";
  for (std::uint64_t life = 1; life <= 3; ++life) {
    const auto opened = DataDirectory::open(path, owner(1));
    ASSERT_TRUE(opened) << opened.error().detail;
    EXPECT_EQ(opened->incarnation(), Incarnation(life));
  }
  EXPECT_EQ(mode_of(path), 0700u);
  EXPECT_EQ(mode_of(path + "/VERSION"), 0600u);
}

TEST(DataDirectory, an_open_one_is_closed_to_others) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  ASSERT_TRUE(DataDirectory::open(directory.path(), owner(1)));
  EXPECT_EQ(mode_of(directory.path()), 0700u);
}

TEST(DataDirectory, a_second_process_is_refused_and_told_who_has_it) {
  const TemporaryDirectory directory;
  const auto held = DataDirectory::open(directory.path(), owner(1));
  ASSERT_TRUE(held);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = DataDirectory::open(directory.path(), owner(1));
    const std::string pid = std::to_string(::getppid());
    const bool told = !second && second.error().code == Code::conflict &&
                      second.error().detail.find("process " + pid + ";") != std::string::npos;
    ::_exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(DataDirectory, another_owner_is_refused_and_changes_nothing) {
  const TemporaryDirectory directory;
  const DirectoryOwner first = owner(1);
  ASSERT_TRUE(DataDirectory::open(directory.path(), first));
  const auto other_cluster = DataDirectory::open(directory.path(), owner(2));
  ASSERT_FALSE(other_cluster);
  EXPECT_EQ(other_cluster.error().code, Code::wrong_cluster);
  EXPECT_NE(other_cluster.error().detail.find("cluster " + first.cluster.text()), std::string::npos);
  const auto other_node = DataDirectory::open(directory.path(), {first.cluster, owner(2).node});
  ASSERT_FALSE(other_node);
  EXPECT_EQ(other_node.error().code, Code::wrong_cluster);
  EXPECT_NE(other_node.error().detail.find("node " + first.node.text()), std::string::npos);
  const auto again = DataDirectory::open(directory.path(), first);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->incarnation(), Incarnation(2));
}

TEST(DataDirectory, somebody_elses_files_are_left_alone) {
  const TemporaryDirectory directory;
  write(directory.path() + "/thesis.tex", "x");
  const auto opened = DataDirectory::open(directory.path(), owner(1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::invalid_state);
  EXPECT_NE(opened.error().detail.find("thesis.tex"), std::string::npos);
}

TEST(DataDirectory, a_later_format_is_refused) {
  const TemporaryDirectory directory;
  write(directory.path() + "/VERSION", seal_text({{"format", "2"}, {"compartments", "7"}}));
  const auto opened = DataDirectory::open(directory.path(), owner(1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::incompatible);
}

TEST(DataDirectory, every_flipped_bit_and_every_cut_is_found) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(DataDirectory::open(directory.path(), owner(1)));
  for (const char* name : {"/VERSION", "/BOOT"}) {
    const std::string path = directory.path() + name;
    const std::string good = **read_file(path, 4096);
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1);
      write(path, bad);
      const auto flipped = DataDirectory::open(directory.path(), owner(1));
      ASSERT_FALSE(flipped) << name << " " << at;
      EXPECT_EQ(flipped.error().code, Code::damaged);
      write(path, good.substr(0, at));
      const auto cut = DataDirectory::open(directory.path(), owner(1));
      ASSERT_FALSE(cut) << name << " " << at;
      EXPECT_EQ(cut.error().code, Code::damaged);
    }
    write(path, good);
  }
}

TEST(DataDirectory, a_lost_boot_counter_is_not_restarted) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(DataDirectory::open(directory.path(), owner(1)));
  ASSERT_EQ(::mkdir((directory.path() + "/log").c_str(), 0700), 0);
  ASSERT_EQ(::unlink((directory.path() + "/BOOT").c_str()), 0);
  const auto opened = DataDirectory::open(directory.path(), owner(1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::damaged);
}

TEST(DataDirectory, left_over_temporaries_do_no_harm) {
  const TemporaryDirectory directory;
  write(directory.path() + "/VERSION.new", "half");
  ASSERT_TRUE(DataDirectory::open(directory.path(), owner(1)));
  write(directory.path() + "/BOOT.new", "half");
  const auto opened = DataDirectory::open(directory.path(), owner(1));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->incarnation(), Incarnation(2));
}

TEST(Files, a_missing_file_is_nothing_and_a_missing_directory_an_error) {
  const TemporaryDirectory directory;
  const auto none = read_file(directory.path() + "/none", 10);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  EXPECT_FALSE(write_file_durably(directory.path() + "/none", "file", "x"));
  const auto big = write_file_durably(directory.path(), "big", Bytes(100, 'x'));
  ASSERT_TRUE(big);
  EXPECT_EQ(read_file(directory.path() + "/big", 99).error().code, Code::damaged);
}

TEST_F(FullDisk, the_boot_counter_does_not_rise_without_room) {
  const DirectoryOwner owner{};
  ASSERT_TRUE(DataDirectory::open(path() + "/data", owner));
  fill(0);
  const auto refused = DataDirectory::open(path() + "/data", owner);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::disk_full) << refused.error().detail;
  make_room();
  const auto again = DataDirectory::open(path() + "/data", owner);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->incarnation(), Incarnation(2));
}

}  // namespace
}  // namespace nodedb::edge
