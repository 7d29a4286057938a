// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/wal_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>

#include "edge/disk/files.h"
#include "edge/rocks/database.h"
#include "edge/rocks/wal_scan.h"

namespace nodedb::edge {

namespace {

struct NamedWal {
  std::string path;
  std::uint64_t number = 0;
};

std::optional<NamedWal> newest_wal(const std::string& directory) {
  std::optional<NamedWal> newest;
  std::error_code trouble;
  for (const auto& entry : std::filesystem::directory_iterator(directory, trouble)) {
    if (entry.path().extension() != ".log") continue;
    const std::string stem = entry.path().stem().string();
    std::uint64_t number = 0;
    const auto [end, bad] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (bad != std::errc() || end != stem.data() + stem.size()) continue;
    std::error_code ignored;
    if (entry.file_size(ignored) == 0 || ignored) continue;
    if (!newest || number > newest->number) newest = NamedWal{entry.path().string(), number};
  }
  return newest;
}

Result<void> cut(const std::string& path, std::uint64_t size) {
  FileHandle file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid() || ::ftruncate(file.get(), static_cast<off_t>(size)) != 0 || ::fsync(file.get()) != 0) {
    return std::unexpected(system_error("cut the torn end of", path, errno));
  }
  return file.close(path);
}

}  // namespace

Result<std::optional<TornTail>> cut_torn_tail(const std::string& directory) {
  const auto wal = newest_wal(directory);
  if (!wal) return std::nullopt;
  const auto file = read_file(wal->path, std::numeric_limits<std::size_t>::max());
  if (!file) return std::unexpected(file.error());
  const BytesView content = *file ? BytesView(**file) : BytesView();
  const WalScan scan = scan_wal(content);
  if (!scan.trouble_at) return std::nullopt;
  if (scan.record_after) {
    return fail(Code::damaged, wal->path + " is damaged at byte " + std::to_string(*scan.trouble_at) +
                                   ", before the whole record at byte " + std::to_string(*scan.record_after) +
                                   "; " + damage_advice(directory));
  }
  if (auto done = cut(wal->path, scan.good_end); !done) return std::unexpected(done.error());
  return TornTail{wal->path, content.size() - scan.good_end};
}

}  // namespace nodedb::edge
