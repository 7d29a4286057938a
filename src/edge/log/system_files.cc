// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "edge/disk/files.h"
#include "edge/log/segment_files.h"

namespace nodedb::edge {

namespace {

constexpr mode_t file_mode = 0600;

class SystemFile final : public SegmentFile {
 public:
  SystemFile(FileHandle file, std::string path, std::uint64_t bytes)
      : file_(std::move(file)), path_(std::move(path)), bytes_(bytes) {}

  std::uint64_t bytes() const override { return bytes_; }

  Result<Bytes> read(std::uint64_t offset, std::uint64_t bytes) const override {
    Bytes content(bytes, '\0');
    std::uint64_t got = 0;
    while (got < bytes) {
      const ssize_t now =
          ::pread(file_.get(), content.data() + got, bytes - got, static_cast<off_t>(offset + got));
      if (now < 0 && errno == EINTR) continue;
      if (now < 0) return std::unexpected(system_error("read", path_, errno));
      if (now == 0) break;
      got += static_cast<std::uint64_t>(now);
    }
    content.resize(got);
    return content;
  }

  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    while (!bytes.empty()) {
      const ssize_t now = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (now < 0 && errno == EINTR) continue;
      if (now < 0) return std::unexpected(system_error("write", path_, errno));
      bytes.remove_prefix(static_cast<std::size_t>(now));
      offset += static_cast<std::uint64_t>(now);
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(file_.get()) == 0) return {};
    return fail(Code::disk_failed, system_error("sync", path_, errno).detail);
  }

  void start_sync(std::uint64_t offset, std::uint64_t bytes) override {
    static_cast<void>(::sync_file_range(file_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                                        SYNC_FILE_RANGE_WRITE));
  }

 private:
  FileHandle file_;
  std::string path_;
  std::uint64_t bytes_;
};

class SystemFiles final : public SegmentFiles {
 public:
  SystemFiles(std::string directory, Access access) : directory_(std::move(directory)), access_(access) {}

  const std::string& directory() const override { return directory_; }

  Result<std::vector<std::string>> list() override {
    if (auto synced = sync_directory(directory_); !synced) return std::unexpected(synced.error());
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory_.c_str()), &::closedir);
    if (!listing) return std::unexpected(system_error("list", directory_, errno));
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(listing.get())) names.emplace_back(entry->d_name);
    if (errno != 0) return std::unexpected(system_error("list", directory_, errno));
    return names;
  }

  Result<std::unique_ptr<SegmentFile>> open(const std::string& name) override {
    const std::string path = path_of(name);
    FileHandle file(::open(path.c_str(), (access_ == Access::read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC));
    if (!file.valid()) return std::unexpected(system_error("open", path, errno));
    struct stat found {};
    if (::fstat(file.get(), &found) != 0) return std::unexpected(system_error("look at", path, errno));
    return std::make_unique<SystemFile>(std::move(file), path, static_cast<std::uint64_t>(found.st_size));
  }

  Result<std::unique_ptr<SegmentFile>> create(const std::string& name, std::uint64_t bytes) override {
    const std::string path = path_of(name);
    FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode));
    if (!file.valid()) return std::unexpected(system_error("create", path, errno));
    const auto size = static_cast<off_t>(bytes);
    // Where the file system cannot allocate ahead, a lack of room shows when the zeros are written.
    if (::fallocate(file.get(), 0, 0, size) != 0 &&
        (errno != EOPNOTSUPP || ::ftruncate(file.get(), size) != 0)) {
      return std::unexpected(system_error("allocate", path, errno));
    }
    return std::make_unique<SystemFile>(std::move(file), path, bytes);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0) {
      return std::unexpected(system_error("rename to", path_of(to), errno));
    }
    return sync_directory(directory_);
  }

  Result<void> remove(const std::string& name) override {
    const std::string path = path_of(name);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return std::unexpected(system_error("remove", path, errno));
    }
    return sync_directory(directory_);
  }

 private:
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }

  std::string directory_;
  Access access_;
};

}  // namespace

std::unique_ptr<SegmentFiles> system_files(std::string directory, Access access) {
  return std::make_unique<SystemFiles>(std::move(directory), access);
}

}  // namespace nodedb::edge
