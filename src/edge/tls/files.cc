// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/files.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace nodedb::tls {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> system_failure(const std::string& path, int error) {
  const auto code = error == ENOENT                      ? Code::not_found
                    : error == EEXIST                    ? Code::conflict
                    : error == EACCES || error == EPERM  ? Code::forbidden
                    : error == ENOSPC || error == EDQUOT ? Code::disk_full
                                                         : Code::disk_failed;
  return fail(code, path + ": " + std::system_category().message(error));
}

Result<Bytes> read_all(const std::string& path, bool secret) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return system_failure(path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_failure(path, errno);
  if (secret && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Code::forbidden, path + " is open to group or others; run: chmod 600 " + path);
  }
  Bytes bytes;
  char buffer[4096];
  for (;;) {
    const auto n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure(path, errno);
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(n));
    if (bytes.size() > file_bytes_max)
      return fail(Code::too_large, path + " is too large for a key or certificate");
  }
}

Result<void> write_all(int fd, const std::string& path, BytesView bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd) != 0) return system_failure(path, errno);
  return {};
}

}  // namespace

Result<Bytes> read_file(const std::string& path) {
  return read_all(path, false);
}

Result<Bytes> read_secret(const std::string& path) {
  return read_all(path, true);
}

Result<void> write_new_file(const std::string& path, BytesView bytes, mode_t mode) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) return system_failure(path, errno);
  // The umask may only take rights away; a certificate stays readable and a key stays private either way.
  auto written = write_all(file.get(), path, bytes);
  if (!written) ::unlink(path.c_str());
  return written;
}

Result<void> make_directory(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  error.clear();  // that there is none is no error
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return system_failure(parent.string(), error.value());
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return system_failure(path, errno);
  return {};
}

Result<Secret> load_or_create_secret(const std::string& path) {
  Secret secret{};
  const auto stored = read_secret(path);
  if (stored) {
    if (stored->size() != secret.size()) return fail(Code::damaged, path + " must hold exactly 32 bytes");
    std::memcpy(secret.data(), stored->data(), secret.size());
    return secret;
  }
  if (stored.error().code != Code::not_found) return std::unexpected(stored.error());
  if (gnutls_rnd(GNUTLS_RND_KEY, secret.data(), secret.size()) != 0) {
    return fail(Code::invalid_state, "the random number generator failed");
  }
  auto written = write_new_file(path, BytesView(reinterpret_cast<const char*>(secret.data()), secret.size()),
                                secret_mode);
  if (!written) return std::unexpected(written.error());
  return secret;
}

}  // namespace nodedb::tls
