// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/state_flush.h"

#include <chrono>
#include <thread>
#include <utility>

#include "edge/rocks/database.h"

namespace nodedb::edge {

namespace {

constexpr int tries_max = 5'000;
constexpr int ask_again_after = 100;
constexpr std::chrono::milliseconds pause{2};

}  // namespace

RocksFlush::RocksFlush(rocksdb::DB& db, std::string directory, std::shared_ptr<const Events> events,
                       std::vector<node::LiesBehind> behind, std::vector<DeadRange> dead)
    : db_(db),
      directory_(std::move(directory)),
      events_(std::move(events)),
      behind_(std::move(behind)),
      dead_(std::move(dead)),
      before_(events_->seals()) {
  empty_ = property(rocksdb::DB::Properties::kNumEntriesActiveMemTable) == 0;
}

Result<void> RocksFlush::finish() {
  for (int tries = 0; tries < tries_max; ++tries) {
    if (!put_aside() || tries % ask_again_after == 0) {
      if (auto asked = ask(); !asked) return asked;
    }
    if (put_aside() && property(rocksdb::DB::Properties::kNumImmutableMemTable) == 0) {
      remove_tables_within(db_, std::exchange(dead_, {}));
      return {};
    }
    std::this_thread::sleep_for(pause);
  }
  return fail(Code::disk_full, directory_ + ": RocksDB has not written its memory to files yet");
}

Result<void> RocksFlush::ask() {
  const rocksdb::FlushOptions options;
  rocksdb::Status status = db_.Flush(options);
  if (!status.ok() && to_error(status, directory_).code == Code::disk_full) {
    if (db_.Resume().ok()) status = db_.Flush(options);
  }
  if (!status.ok()) return std::unexpected(to_error(status, directory_));
  return {};
}

std::uint64_t RocksFlush::property(const std::string& name) const {
  std::uint64_t value = 1;
  return db_.GetIntProperty(name, &value) ? value : 1;
}

}  // namespace nodedb::edge
