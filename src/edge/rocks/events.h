// SPDX-License-Identifier: Apache-2.0
#pragma once

// What RocksDB has done by itself, on threads of its own. Any thread reads.

#include <rocksdb/listener.h>

#include <atomic>
#include <cstdint>

namespace nodedb::edge {

class Events final : public rocksdb::EventListener {
 public:
  void OnMemTableSealed(const rocksdb::MemTableInfo&) override { ++seals_; }
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status*) override { stopped_ = true; }

  /// How often it has put memory aside to be written.
  std::uint64_t seals() const { return seals_; }
  /// Whether it has ever stopped, be it that it has gone on since.
  bool has_stopped() const { return stopped_; }

 private:
  std::atomic<std::uint64_t> seals_ = 0;
  std::atomic<bool> stopped_ = false;
};

}  // namespace nodedb::edge
