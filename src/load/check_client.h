// SPDX-License-Identifier: Apache-2.0
#pragma once

// One client of a check: random operations with unique values on few keys, through random servers, each
// recorded with when it was called and what came back. After an outcome that it cannot know it goes on under
// a new name, as the history's format asks. One thread each.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "history/history.h"
#include "load/redis_client.h"

namespace nodedb::load {

/// What all clients share.
struct CheckStage {
  Access access;     ///< any of the servers may be down
  std::string name;  ///< stands in every key
  std::uint64_t keys_per_round = 24;

  std::atomic<std::uint64_t> next_client = 1;   ///< names
  std::atomic<std::uint64_t> next_value = 1;    ///< unique values
  std::atomic<std::uint64_t> round = 0;         ///< each round has its own keys
  std::atomic<std::uint64_t> acknowledged = 0;  ///< writes
  std::atomic<std::uint64_t> operations = 0;    ///< that are in a history, whatever became of them
  std::atomic<bool> over = false;
};

/// Ten keys in a vShard of their own each, and the rest share few, so that groups see real concurrency.
std::string key_name(const CheckStage& stage, std::uint64_t round, std::uint64_t number);
/// Those of so many rounds.
std::vector<std::string> keys_until(const CheckStage& stage, std::uint64_t rounds);

class CheckClient {
 public:
  CheckClient(CheckStage& stage, Rng rng) : stage_(stage), rng_(rng) { rename(); }

  /// Until the stage is over.
  void run();
  /// One read of `key` that succeeds, however long it takes (up to a minute); false if it does not.
  bool read_finally(const std::string& key);
  /// Takes the key away, with the same patience; that is no part of the history.
  bool remove_finally(const std::string& key);
  history::History take_history() { return std::move(history_); }
  /// How often operations were refused, by code, or lost: what the history knows as `fail` and `info`.
  const std::map<std::string, std::uint64_t>& codes() const { return codes_; }

 private:
  bool connect();
  void rename() { client_ = stage_.next_client++; }
  std::string unique_value() { return "v" + std::to_string(stage_.next_value++); }
  void record(history::Operation operation);

  void operate();
  history::Operation begin(history::Op op, const std::string& key) const;
  /// Sorts an answer to an operation that is no success: surely not done, or unknown.
  void conclude(history::Operation operation, const Result<kv::Reply>& answer);
  void succeed(history::Operation operation);

  /// `failed` is set if it does not succeed.
  std::optional<std::string> get(const std::string& key, bool& failed);
  void put(const std::string& key);
  /// INCR, APPEND, DEL: answered by a number.
  void count(history::Operation operation, std::initializer_list<BytesView> words);
  void compare_and_set(const std::string& key);

  CheckStage& stage_;
  Rng rng_;
  std::uint64_t client_ = 0;
  std::unique_ptr<RedisClient> redis_;
  history::History history_;
  std::map<std::string, std::uint64_t> codes_;
};

}  // namespace nodedb::load
