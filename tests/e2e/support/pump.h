// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients that ask as fast as their connection takes it, whatever becomes of the answers: an open loop, as
// far as the node reads on. Each connection has a thread that sends and one that counts the answers.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace nodedb::e2e {

class Pump {
 public:
  struct Options {
    std::vector<int> ports;
    int connections = 8;
    std::size_t value_bytes = 16;
    /// The key of a connection's request of that number.
    std::function<std::string(int connection, std::int64_t number)> key;
  };
  struct Count {
    std::int64_t ok = 0;
    std::int64_t busy = 0;
    std::int64_t others = 0;
    std::string other;  ///< one of those
  };

  explicit Pump(Options options);
  ~Pump() { stop(); }
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  /// Sends no more, takes the answers that are due, and adds up.
  Count stop();
  /// Keys that are written and of which each was acknowledged. Pre: stopped.
  std::vector<std::string> acknowledged() const;

 private:
  struct Connection {
    int socket = -1;
    std::atomic<std::int64_t> sent = 0;
    Count count;
    std::vector<std::int64_t> fine;
    std::thread sender;
    std::thread reader;
  };
  void send(int number, Connection& connection);
  void read(Connection& connection);

  Options options_;
  std::atomic<bool> ending_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;
};

/// A connection of its own, blocking; -1 if nobody listens.
int connect_loopback(int port);
bool send_all(int socket, const std::string& bytes);
/// A command as a client sends it.
std::string command_bytes(const std::vector<std::string>& words);

}  // namespace nodedb::e2e
