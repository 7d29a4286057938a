// SPDX-License-Identifier: Apache-2.0
#pragma once

// The dashboard: a page that the HTTP port serves at `/`, and the files that it needs. They are those of
// src/app/dashboard/, put into the binary as it is built (cmake/embed.cmake): nothing is read from disk, and
// the page fetches nothing from elsewhere.

#include <span>
#include <string_view>

namespace nodedb::app {

struct DashboardFile {
  std::string_view path;  ///< of its URL
  std::string_view type;
  std::string_view content;
};

std::span<const DashboardFile> dashboard_files();
/// Null: no such path.
const DashboardFile* find_dashboard_file(std::string_view path);

}  // namespace nodedb::app
