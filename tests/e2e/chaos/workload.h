// SPDX-License-Identifier: Apache-2.0
#pragma once

// One client of the chaos run: random operations with unique values on few keys, through random nodes, each
// recorded with when it was called and what came back. After an outcome that it cannot know it goes on under
// a new name, as the history's format asks. One thread each.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "history/history.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {

/// What all clients share.
struct Stage {
  std::vector<int> ports;                       ///< Redis ports; any may be down
  std::atomic<std::uint64_t> next_client = 1;   ///< names
  std::atomic<std::uint64_t> next_value = 1;    ///< unique values
  std::atomic<std::uint64_t> round = 0;         ///< each round has its own keys
  std::atomic<std::uint64_t> acknowledged = 0;  ///< writes
  std::atomic<bool> over = false;
};

inline constexpr std::uint64_t keys_per_round = 24;
/// Ten keys in a vShard of their own each, and the rest share few, so that groups see real concurrency.
std::string key_name(std::uint64_t round, std::uint64_t number);

class Workload {
 public:
  Workload(Stage& stage, Rng rng) : stage_(stage), rng_(rng) { rename(); }

  /// Until the stage is over.
  void run();
  /// One read of `key` that succeeds, however long it takes (up to a minute); false if it does not.
  bool read_finally(const std::string& key);
  history::History take_history() { return std::move(history_); }

 private:
  bool connect();
  void rename() { client_ = stage_.next_client++; }
  std::string unique_value() { return "v" + std::to_string(stage_.next_value++); }

  void operate();
  history::Operation begin(history::Op op, const std::string& key) const;
  /// Sorts an answer to a write that is no success: surely not done, or unknown.
  void conclude(history::Operation operation, const Answer& answer);
  void succeed(history::Operation operation);

  std::optional<std::string> get(const std::string& key, bool& failed);
  void put(const std::string& key);
  void increment(const std::string& key);
  void append(const std::string& key);
  void remove(const std::string& key);
  void compare_and_set(const std::string& key);

  Stage& stage_;
  Rng rng_;
  std::uint64_t client_ = 0;
  std::unique_ptr<Redis> redis_;
  history::History history_;
};

}  // namespace nodedb::e2e
