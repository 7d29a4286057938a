// SPDX-License-Identifier: Apache-2.0
#include "edge/disk/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace nodedb::edge {

namespace {

constexpr mode_t directory_mode = 0700;
constexpr mode_t file_mode = 0600;

std::unexpected<Error> failed(const std::string& doing, const std::string& path) {
  return std::unexpected(system_error(doing, path, errno));
}

Result<void> write_all(int fd, const std::string& path, BytesView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return failed("write", path);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> write_and_sync(const std::string& path, BytesView content) {
  FileHandle file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode));
  if (!file.valid()) return failed("create", path);
  if (auto written = write_all(file.get(), path, content); !written) return written;
  if (::fsync(file.get()) != 0)
    return std::unexpected(Error{Code::disk_failed, system_error("sync", path, errno).detail});
  return file.close(path);
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = other.release();
  return *this;
}

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> FileHandle::close(const std::string& path) {
  if (::close(release()) != 0 && errno != EINTR) return failed("close", path);
  return {};
}

Error system_error(const std::string& doing, const std::string& path, int number) {
  const bool full = number == ENOSPC || number == EDQUOT;
  const bool denied = number == EACCES || number == EPERM || number == EROFS;
  const Code code = full ? Code::disk_full : denied ? Code::forbidden : Code::disk_failed;
  return Error{code, "cannot " + doing + " " + path + ": " + std::generic_category().message(number)};
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), directory_mode) == 0) {
    const auto parent = std::filesystem::path(path).parent_path().string();
    return sync_directory(parent.empty() ? "." : parent);
  }
  if (errno == EEXIST) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return failed("look at", path);
    if (!S_ISDIR(found.st_mode)) return fail(Code::invalid_state, path + " is not a directory");
    return {};
  }
  const auto parent = std::filesystem::path(path).parent_path().string();
  if (errno != ENOENT || parent.empty() || parent == path) return failed("create directory", path);
  if (auto made = make_directory(parent); !made) return made;
  if (::mkdir(path.c_str(), directory_mode) != 0 && errno != EEXIST) return failed("create directory", path);
  return sync_directory(parent);
}

Result<void> sync_directory(const std::string& path) {
  FileHandle directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return failed("open directory", path);
  if (::fsync(directory.get()) != 0) {
    return std::unexpected(Error{Code::disk_failed, system_error("sync directory", path, errno).detail});
  }
  return {};
}

Result<std::optional<Bytes>> read_file(const std::string& path, std::size_t bytes_max) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT) return std::nullopt;
    return failed("open", path);
  }
  Bytes content;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path);
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > bytes_max) return fail(Code::damaged, path + " is larger than it can be");
  }
}

Result<void> write_file_durably(const std::string& directory, const std::string& name, BytesView content) {
  const std::string path = directory + "/" + name;
  const std::string beside = path + ".new";
  if (auto written = write_and_sync(beside, content); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed("rename to", path);
  return sync_directory(directory);
}

bool exists(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0;
}

Result<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return failed("look at", path);
  return std::uint64_t{found.f_bavail} * std::uint64_t{found.f_frsize};
}

Result<std::uint64_t> disk_bytes(const std::string& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return failed("look at", path);
  return std::uint64_t{found.f_blocks} * std::uint64_t{found.f_frsize};
}

}  // namespace nodedb::edge
