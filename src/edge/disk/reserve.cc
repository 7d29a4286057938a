// SPDX-License-Identifier: Apache-2.0
#include "edge/disk/reserve.h"

#include "edge/disk/files.h"

namespace nodedb::edge {

Result<void> Reserve::room_for(std::uint64_t bytes) const {
  if (free_bytes_min_ == 0) return {};
  const auto free = free_bytes(directory_);
  if (!free) return std::unexpected(free.error());
  if (*free >= free_bytes_min_ + bytes) return {};
  return fail(Code::disk_full, "the file system of " + directory_ + " has " + std::to_string(*free >> 20) +
                                   " MiB left; writes resume by themselves once more than " +
                                   std::to_string((free_bytes_min_ + bytes) >> 20) + " MiB are free");
}

}  // namespace nodedb::edge
