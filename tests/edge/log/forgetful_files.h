// SPDX-License-Identifier: Apache-2.0
#pragma once

// A directory in memory that forgets what a disk may forget. It knows of every sector and of every name
// whether it is durable. The power can be cut before any operation: then the test chooses which of the
// sectors that were not synced have reached the disk.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edge/log/segment.h"
#include "edge/log/segment_files.h"

namespace nodedb::edge {

/// Thrown by the operation before which the power goes.
struct PowerCut {};

/// What one file holds, and what its sectors that are not durable held before.
struct DiskFile {
  Bytes content;
  std::map<std::uint64_t, Bytes> durable_sectors;  ///< by number, of those that have changed since
  bool durable_name = false;
};

struct Disk {
  std::map<std::string, std::shared_ptr<DiskFile>> files;
  std::uint64_t operations = 0;
  std::uint64_t cut_before = 0;     ///< the operation with this number; 0: none
  std::uint64_t room = UINT64_MAX;  ///< bytes that may still be allocated

  void operate() {
    if (++operations == cut_before) throw PowerCut();
  }
  /// The sectors whose fate is open, in the order of files and places.
  std::vector<std::pair<std::string, std::uint64_t>> open_sectors() const {
    std::vector<std::pair<std::string, std::uint64_t>> sectors;
    for (const auto& [name, file] : files)
      for (const auto& [sector, before] : file->durable_sectors) sectors.emplace_back(name, sector);
    return sectors;
  }
  /// What is there after the power has come back: of the open sectors those whose `kept` is true are new.
  Disk after_power_cut(const std::vector<bool>& kept, bool keep_names) const {
    Disk after;
    std::size_t number = 0;
    for (const auto& [name, file] : files) {
      auto copy = std::make_shared<DiskFile>(DiskFile{file->content, {}, true});
      for (const auto& [sector, before] : file->durable_sectors) {
        if (!kept.at(number++)) copy->content.replace(sector * sector_bytes, before.size(), before);
      }
      if (file->durable_name || keep_names) after.files[name] = std::move(copy);
    }
    return after;
  }
  /// After the process was killed: all is there, but no more durable than before.
  Disk after_kill() const {
    Disk after;
    for (const auto& [name, file] : files) after.files[name] = std::make_shared<DiskFile>(*file);
    return after;
  }
};

class ForgetfulFile final : public SegmentFile {
 public:
  ForgetfulFile(Disk& disk, std::shared_ptr<DiskFile> file) : disk_(disk), file_(std::move(file)) {}

  std::uint64_t bytes() const override { return file_->content.size(); }
  Result<Bytes> read(std::uint64_t offset, std::uint64_t bytes) const override {
    if (offset > file_->content.size()) return Bytes();
    return file_->content.substr(offset, bytes);
  }
  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    disk_.operate();
    const std::uint64_t last = (offset + bytes.size() - 1) / sector_bytes;
    for (std::uint64_t sector = offset / sector_bytes; sector <= last; ++sector) {
      file_->durable_sectors.try_emplace(sector, file_->content.substr(sector * sector_bytes, sector_bytes));
    }
    file_->content.replace(offset, bytes.size(), bytes);
    return {};
  }
  Result<void> sync() override {
    disk_.operate();
    file_->durable_sectors.clear();
    return {};
  }
  void start_sync(std::uint64_t, std::uint64_t) override {}

 private:
  Disk& disk_;
  // The disk's copy outlives a removal of the name, as an open file does.
  std::shared_ptr<DiskFile> file_;
};

class ForgetfulFiles final : public SegmentFiles {
 public:
  /// `disk` must outlive it.
  explicit ForgetfulFiles(Disk& disk) : disk_(disk) {}

  const std::string& directory() const override { return directory_; }
  Result<std::vector<std::string>> list() override {
    disk_.operate();
    std::vector<std::string> names;
    for (const auto& [name, file] : disk_.files) {
      file->durable_name = true;
      names.push_back(name);
    }
    return names;
  }
  Result<std::unique_ptr<SegmentFile>> open(const std::string& name) override {
    return std::make_unique<ForgetfulFile>(disk_, disk_.files.at(name));
  }
  Result<std::unique_ptr<SegmentFile>> create(const std::string& name, std::uint64_t bytes) override {
    disk_.operate();
    if (bytes > disk_.room) return fail(Code::disk_full, "no room for " + name);
    disk_.room -= bytes;
    auto file = std::make_shared<DiskFile>(DiskFile{Bytes(bytes, '?'), {}, false});
    disk_.files[name] = file;
    return std::make_unique<ForgetfulFile>(disk_, std::move(file));
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    disk_.operate();
    const auto file = disk_.files.extract(from).mapped();
    file->durable_name = true;
    disk_.files[to] = file;
    return {};
  }
  Result<void> remove(const std::string& name) override {
    disk_.operate();
    const auto file = disk_.files.find(name);
    if (file == disk_.files.end()) return {};
    disk_.room += disk_.room == UINT64_MAX ? 0 : file->second->content.size();
    disk_.files.erase(file);
    return {};
  }

 private:
  Disk& disk_;
  std::string directory_ = "DIR/log";
};

}  // namespace nodedb::edge
