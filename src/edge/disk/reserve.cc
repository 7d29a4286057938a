// SPDX-License-Identifier: Apache-2.0
#include "edge/disk/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "edge/disk/files.h"

namespace nodedb::edge {

Reserve::Reserve(std::string directory, ReserveOptions options)
    : directory_(std::move(directory)), path_(directory_ + "/RESERVE"), options_(options) {}

Result<void> Reserve::room_for(std::uint64_t bytes) const {
  if (options_.free_bytes_min == 0) return {};
  const auto free = free_bytes(directory_);
  if (!free) return std::unexpected(free.error());
  if (*free >= options_.free_bytes_min + bytes) return {};
  return fail(Code::disk_full, "the file system of " + directory_ + " has " + std::to_string(*free >> 20) +
                                   " MiB left; writes resume by themselves once more than " +
                                   std::to_string((options_.free_bytes_min + bytes) >> 20) + " MiB are free");
}

void Reserve::build_ballast() {
  if (options_.ballast_bytes == 0 || ballast_) return;
  struct stat found {};
  if (::stat(path_.c_str(), &found) == 0 &&
      static_cast<std::uint64_t>(found.st_blocks) * 512 >= options_.ballast_bytes) {
    ballast_ = true;
    return;
  }
  const auto free = free_bytes(directory_);
  if (!free || *free < options_.free_bytes_min + 2 * options_.ballast_bytes) return;
  FileHandle file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return;
  ballast_ = ::posix_fallocate(file.get(), 0, static_cast<off_t>(options_.ballast_bytes)) == 0;
  if (!ballast_) ::unlink(path_.c_str());
}

bool Reserve::drop_ballast() {
  ballast_ = false;
  return ::unlink(path_.c_str()) == 0;
}

}  // namespace nodedb::edge
