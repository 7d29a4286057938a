// SPDX-License-Identifier: Apache-2.0
#include "edge/disk/damage.h"

#include <filesystem>

namespace nodedb::edge {

Error damage(const std::string& directory, const std::string& what) {
  const std::string root = std::filesystem::path(directory).parent_path().string();
  return {
      Code::damaged,
      directory + ": " + what + "; this replica's data is damaged: check the disk, then move " + root +
          " aside and let the node rejoin with a new identity, or bring back this very directory as it was "
          "when the node stopped; never start from an older copy"};
}

}  // namespace nodedb::edge
