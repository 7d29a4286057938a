// SPDX-License-Identifier: Apache-2.0
#include "edge/disk/data_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "edge/disk/sealed_text.h"
#include "wire/identity_codec.h"

namespace nodedb::edge {

namespace {

constexpr std::size_t small_file_bytes_max = 4096;
constexpr const char* version_file = "VERSION";
constexpr const char* boot_file = "BOOT";

using Lines = std::map<std::string, std::string>;

Result<std::optional<Lines>> read_lines(const std::string& path) {
  const auto content = read_file(path, small_file_bytes_max);
  if (!content) return std::unexpected(content.error());
  if (!*content) return std::nullopt;
  auto lines = open_text(path, **content);
  if (!lines) return std::unexpected(lines.error());
  return std::move(*lines);
}

std::optional<std::uint64_t> number_in(const Lines& lines, const std::string& name) {
  const auto line = lines.find(name);
  if (line == lines.end()) return std::nullopt;
  const std::string& text = line->second;
  std::uint64_t value = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (trouble != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Uuid> uuid_in(const Lines& lines, const std::string& name) {
  const auto line = lines.find(name);
  if (line == lines.end()) return std::nullopt;
  const auto uuid = Uuid::parse(line->second);
  if (!uuid) return std::nullopt;
  return *uuid;
}

/// Whoever can read the directory can read everybody's data.
Result<void> close_to_others(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::unexpected(system_error("look at", path, errno));
  if ((found.st_mode & 077) == 0) return {};
  if (::chmod(path.c_str(), 0700) != 0) return std::unexpected(system_error("set mode 0700 on", path, errno));
  return {};
}

/// `file`: the directory's LOCK.
Result<void> take_lock(const FileHandle& file, const std::string& directory) {
  const std::string path = directory + "/LOCK";
  if (!file.valid()) return std::unexpected(system_error("open", path, errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return std::unexpected(system_error("lock", path, errno));
  const auto content = read_file(path, small_file_bytes_max);
  std::string pid = content && *content ? **content : std::string();
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return fail(Code::conflict, "data directory " + directory + " is in use by process " +
                                  (pid.empty() ? std::string("(unknown)") : pid) +
                                  "; stop it, or give this node a directory of its own");
}

Result<FileHandle> lock(const std::string& directory) {
  const std::string path = directory + "/LOCK";
  FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (auto taken = take_lock(file, directory); !taken) return std::unexpected(taken.error());
  // The number is only for people: the lock itself is what counts, and it goes with the process.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
    return std::unexpected(system_error("write", path, errno));
  }
  return file;
}

/// Something in it that is not ours: somebody's files must not be mixed with a node's.
std::optional<std::string> foreign_file(const std::string& directory) {
  // A machine that joined by token has its certificates there before anything else.
  static const std::set<std::string> ours = {".", "..", "LOCK", "VERSION.new", "lost+found", "certs"};
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.c_str()), &::closedir);
  if (!listing) return std::nullopt;
  while (const dirent* entry = ::readdir(listing.get())) {
    if (!ours.contains(entry->d_name)) return entry->d_name;
  }
  return std::nullopt;
}

}  // namespace

Result<DataDirectory> DataDirectory::open(const std::string& path, const DirectoryOwner& owner) {
  if (auto made = make_directory(path); !made) return std::unexpected(made.error());
  if (auto closed = close_to_others(path); !closed) return std::unexpected(closed.error());
  auto held = lock(path);
  if (!held) return std::unexpected(held.error());
  DataDirectory directory(path, std::move(*held));
  if (auto bound = directory.bind(owner); !bound) return std::unexpected(bound.error());
  if (auto raised = directory.raise_incarnation(); !raised) return std::unexpected(raised.error());
  return directory;
}

Result<FileHandle> DataDirectory::lock_offline(const std::string& path) {
  if (!exists(path + "/" + version_file))
    return fail(Code::not_found, path + " is not a node's data directory");
  FileHandle file(::open((path + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC));
  if (auto taken = take_lock(file, path); !taken) return std::unexpected(taken.error());
  return file;
}

Result<void> DataDirectory::bind(const DirectoryOwner& owner) {
  const std::string file = path_ + "/" + version_file;
  const auto lines = read_lines(file);
  if (!lines) return std::unexpected(lines.error());
  if (!*lines) {
    if (const auto other = foreign_file(path_)) {
      return fail(Code::invalid_state, path_ + " holds " + *other + " but no " + version_file +
                                           ": it is not a data directory; give an empty or a new one");
    }
    return write_file_durably(path_, version_file,
                              seal_text({{"format", std::to_string(wire::data_format_version)},
                                         {"cluster", owner.cluster.text()},
                                         {"node", owner.node.text()}}));
  }
  const auto format = number_in(**lines, "format");
  if (!format) return fail(Code::damaged, file + " names no format");
  if (*format > wire::data_format_version) {
    return fail(Code::incompatible, path_ + " has data format " + std::to_string(*format) +
                                        "; this build reads up to " +
                                        std::to_string(wire::data_format_version) + ": start a newer build");
  }
  const auto cluster = uuid_in(**lines, "cluster");
  const auto node = uuid_in(**lines, "node");
  if (!cluster || !node) return fail(Code::damaged, file + " names no owner");
  if (DirectoryOwner{*cluster, *node} == owner) return {};
  const bool same_cluster = *cluster == owner.cluster;
  return fail(Code::wrong_cluster,
              path_ + " belongs to " +
                  (same_cluster ? "node " + node->text() : "cluster " + cluster->text()) +
                  ", but the certificate is that of " +
                  (same_cluster ? "node " + owner.node.text() : "cluster " + owner.cluster.text()) +
                  "; give the directory or the certificate that belongs to this node");
}

Result<void> DataDirectory::raise_incarnation() {
  const std::string file = path_ + "/" + boot_file;
  const auto lines = read_lines(file);
  if (!lines) return std::unexpected(lines.error());
  std::uint64_t last = 0;
  if (*lines) {
    const auto stored = number_in(**lines, "incarnation");
    if (!stored || *stored == UINT64_MAX) return fail(Code::damaged, file + " names no incarnation");
    last = *stored;
  } else if (exists(path_ + "/log")) {
    // Starting again from 1 would let this life be taken for an earlier one.
    return fail(Code::damaged, file + " is missing although the node has run before; restore it, or move " +
                                   path_ + " aside and let the node join anew");
  }
  incarnation_ = Incarnation(last + 1);
  return write_file_durably(path_, boot_file,
                            seal_text({{"incarnation", std::to_string(incarnation_.value)}}));
}

}  // namespace nodedb::edge
