// SPDX-License-Identifier: Apache-2.0
#include "app/json_file.h"

#include <filesystem>

#include "edge/disk/files.h"

namespace nodedb::app {

namespace {

constexpr std::size_t file_bytes_max = 1024UL * 1024 * 1024;

}  // namespace

Result<Json> read_json(const std::string& path) {
  const auto bytes = edge::read_file(path, file_bytes_max);
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return fail(Code::not_found, "there is no file " + path);
  return Json::parse(**bytes);
}

Result<void> write_json(const std::string& path, const Json& body) {
  const std::filesystem::path file(path);
  const std::string directory = file.has_parent_path() ? file.parent_path().string() : ".";
  return edge::write_file_durably(directory, file.filename().string(), body.dump() + "\n");
}

}  // namespace nodedb::app
