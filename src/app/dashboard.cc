// SPDX-License-Identifier: Apache-2.0
#include "app/dashboard.h"

#include <algorithm>

namespace nodedb::app {

const DashboardFile* find_dashboard_file(std::string_view path) {
  const auto files = dashboard_files();
  const auto at = std::ranges::find(files, path, &DashboardFile::path);
  return at == files.end() ? nullptr : &*at;
}

}  // namespace nodedb::app
