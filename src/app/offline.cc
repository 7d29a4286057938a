// SPDX-License-Identifier: Apache-2.0
#include "app/offline.h"

#include "app/output.h"
#include "edge/disk/data_directory.h"

namespace nodedb::app {

Result<OfflineNode> open_offline(const std::string& data) {
  auto lock = edge::DataDirectory::lock_offline(data);
  if (!lock) return std::unexpected(lock.error());
  return OfflineNode{std::move(*lock), edge::system_files(data + "/log", edge::Access::read_only)};
}

Exit refuse_offline(const Error& error) {
  const Exit exit = complain(error);
  return error.code == Code::conflict ? Exit::locked : exit;
}

}  // namespace nodedb::app
