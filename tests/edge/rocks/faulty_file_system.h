// SPDX-License-Identifier: Apache-2.0
#pragma once

// A file system for RocksDB that fails when it is told to, over the real one. It counts what changes files,
// and can fail one such operation, run out of room, or end the process like a power cut: then what was not
// synced is lost from some point on, and the tail of a log file may be garbage.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/rng.h"

namespace nodedb::edge {

enum class FaultyOp : std::uint8_t { append, sync, other };

struct Faults {
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  std::atomic<std::uint64_t> operations{0};
  std::atomic<std::uint64_t> power_cut_at{never};  ///< the operation with this number ends the process
  std::atomic<std::int64_t> room{-1};              ///< bytes that may still be appended; negative: no bound
  std::atomic<std::int64_t> good_syncs{-1};        ///< syncs until one fails; negative: none fails
  std::atomic<bool> sync_says_full{false};         ///< the failing sync answers "no space"
  std::atomic<bool> log_files_only{true};          ///< which files `room` and `good_syncs` concern
  std::atomic<std::uint64_t> faults{0};            ///< injected so far
  std::uint64_t seed = 1;
};

inline constexpr int power_cut_exit = 77;

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(Faults& faults)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(faults) {}

  static const char* kClassName() { return "FaultyFileSystem"; }
  const char* Name() const override { return kClassName(); }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    step();
    {
      const std::lock_guard lock(mutex_);
      files_.erase(path);
    }
    return target()->DeleteFile(path, options, debug);
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    step();
    {
      const std::lock_guard lock(mutex_);
      if (const auto file = files_.extract(from)) files_[to] = file.mapped();
    }
    return target()->RenameFile(from, to, options, debug);
  }

  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    step();
    return target()->LinkFile(from, to, options, debug);
  }

  /// Counts one operation, and ends the process if it is the one.
  void step() {
    if (++faults_.operations == faults_.power_cut_at) power_cut();
  }
  void appended(const std::string& path, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    files_[path].size += bytes;
  }
  void synced(const std::string& path) {
    const std::lock_guard lock(mutex_);
    files_[path].synced = files_[path].size;
  }
  Faults& faults() { return faults_; }

 private:
  struct Known {
    std::uint64_t size = 0;
    std::uint64_t synced = 0;
  };

  [[noreturn]] void power_cut() {
    const std::lock_guard lock(mutex_);
    Rng rng(faults_.seed);
    for (const auto& [path, known] : files_) {
      std::error_code ignored;
      const std::uint64_t kept = known.synced + rng.below(known.size - known.synced + 1);
      std::filesystem::resize_file(path, kept, ignored);
      if (!path.ends_with(".log") || kept == known.synced || rng.chance(0.5)) continue;
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(known.synced + rng.below(kept - known.synced)));
      file.put(static_cast<char>(rng.below(256)));
    }
    ::_exit(power_cut_exit);
  }

  Faults& faults_;
  std::mutex mutex_;
  std::map<std::string, Known> files_;
};

class FaultyWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyWritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path,
                     FaultyFileSystem& system)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), system_(system) {}

  using FSWritableFileOwnerWrapper::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    Faults& faults = system_.faults();
    system_.step();
    if (concerned() && faults.room >= 0) {
      const auto room = static_cast<std::size_t>(faults.room.load());
      if (room < data.size()) {
        ++faults.faults;
        // As the kernel does it: what fits is there.
        target()->Append(rocksdb::Slice(data.data(), room), options, debug).PermitUncheckedError();
        system_.appended(path_, room);
        faults.room = 0;
        return rocksdb::IOStatus::NoSpace("While appending to file: " + path_, "No space left on device");
      }
      faults.room -= static_cast<std::int64_t>(data.size());
    }
    system_.appended(path_, data.size());
    return target()->Append(data, options, debug);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&, rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    if (auto failed = before_sync("While fdatasync: "); !failed.ok()) return failed;
    auto status = target()->Sync(options, debug);
    system_.synced(path_);
    return status;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    if (auto failed = before_sync("While fsync: "); !failed.ok()) return failed;
    auto status = target()->Fsync(options, debug);
    system_.synced(path_);
    return status;
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    system_.step();
    return target()->Close(options, debug);
  }

 private:
  bool concerned() const { return !system_.faults().log_files_only || path_.ends_with(".log"); }

  rocksdb::IOStatus before_sync(const std::string& doing) {
    Faults& faults = system_.faults();
    system_.step();
    if (!concerned() || faults.good_syncs < 0) return rocksdb::IOStatus::OK();
    if (faults.good_syncs-- > 0) return rocksdb::IOStatus::OK();
    ++faults.faults;
    if (faults.sync_says_full) return rocksdb::IOStatus::NoSpace(doing + path_, "No space left on device");
    return rocksdb::IOStatus::IOError(doing + path_, "Input/output error");
  }

  std::string path_;
  FaultyFileSystem& system_;
};

inline rocksdb::IOStatus FaultyFileSystem::NewWritableFile(const std::string& path,
                                                           const rocksdb::FileOptions& options,
                                                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                           rocksdb::IODebugContext* debug) {
  step();
  std::unique_ptr<rocksdb::FSWritableFile> real;
  auto status = target()->NewWritableFile(path, options, &real, debug);
  if (!status.ok()) return status;
  {
    const std::lock_guard lock(mutex_);
    files_[path] = Known{};
  }
  *file = std::make_unique<FaultyWritableFile>(std::move(real), path, *this);
  return status;
}

/// An environment over it; RocksDB asks that it outlive the database.
struct FaultyEnvironment {
  Faults faults;
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(std::make_shared<FaultyFileSystem>(faults));
};

}  // namespace nodedb::edge
