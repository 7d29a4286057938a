// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/file_watch.h"

#include <sys/stat.h>

#include <utility>

#include "base/time.h"

namespace nodedb::tls {

FileWatch::FileWatch(std::vector<std::string> paths) : paths_(std::move(paths)), seen_(look()) {}

bool FileWatch::changed() {
  auto now = look();
  return std::exchange(seen_, now) != now;
}

std::vector<FileWatch::Stamp> FileWatch::look() const {
  std::vector<Stamp> stamps;
  for (const auto& path : paths_) {
    struct stat found {};
    Stamp stamp;
    if (::stat(path.c_str(), &found) == 0) {
      stamp = {found.st_dev, found.st_ino, found.st_size,
               found.st_ctim.tv_sec * ns_per_s + found.st_ctim.tv_nsec};
    }
    stamps.push_back(stamp);
  }
  return stamps;
}

}  // namespace nodedb::tls
