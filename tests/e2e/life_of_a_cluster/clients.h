// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients that write and read one key after the other for as long as a cluster lives, and say how they fared:
// how many operations, which answers were errors, and how long the longest one took. A connection that ends
// is no failure: the client goes on at the next node with the same operation, and its time goes on, too.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/support/redis.h"

namespace nodedb::e2e {

/// Where the clients may go: shared by all, changed as nodes come and go.
class Doors {
 public:
  void set(std::vector<int> ports);
  /// One of them, another for every `turn`.
  int port(std::size_t turn) const;

 private:
  mutable std::mutex mutex_;
  std::vector<int> ports_;
};

struct Fares {
  std::int64_t operations = 0;
  std::int64_t failed = 0;
  std::int64_t longest_us = 0;
  std::string longest;  ///< which operation that was, and when it began (UTC)
  std::string first_error;
};

class Clients {
 public:
  Clients(const Doors& doors, std::size_t count);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// Since this was asked last.
  Fares take();
  /// Ends them, and reads every acknowledged value back: how many are not there, and of how many.
  struct Audit {
    std::int64_t written = 0;
    std::int64_t lost = 0;
  };
  Audit stop();

 private:
  struct Client;
  void work(Client& client);
  Answer ask(Client& client, const std::vector<std::string>& words);

  const Doors& doors_;
  std::atomic<bool> ending_ = false;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::thread> threads_;
};

}  // namespace nodedb::e2e
