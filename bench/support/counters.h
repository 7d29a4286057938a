// SPDX-License-Identifier: Apache-2.0
#pragma once

// Clients that count, in a closed loop, one thread each. Each has a key of its own in each of its vShards,
// and goes from one to the next; every write makes a key's number one greater. So a write that was lost or
// applied twice shows: at the next answer with INCR, at the end with SET.
//
// An answer that is an error leaves open whether the write took effect. From then on the key may hold any of
// two numbers, and the client goes on.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "bench/support/figures.h"

namespace nodedb::bench {

class Counters {
 public:
  struct Client {
    std::vector<VShardId> vshards;
    bool reads = false;  ///< what it wrote once, instead of writing
  };
  struct Options {
    std::vector<int> ports;
    std::vector<Client> clients;
    std::size_t value_bytes = 0;  ///< 0: INCR; else SET of the number in a value of this length
    int pause_ms = 0;             ///< between an answer and the next operation
    std::string name = "c";       ///< of the keys
  };
  struct Operation {
    VShardId vshard;
    bool fine = false;
    Span span;
  };

  explicit Counters(Options options);
  ~Counters() { stop(); }
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  /// From now on they use these ports only. Returns when no operation is under way through another.
  void go_through(std::vector<int> ports);
  void stop();

  std::uint64_t errors() const { return errors_; }  ///< answers that were errors, and lost connections
  std::uint64_t wrong() const { return wrong_; }    ///< answers that a lost or a repeated write explains

  // Of a load that was stopped:

  std::uint64_t operations() const;
  /// How long each took that was answered well and ended in the span; ms, sorted.
  std::vector<double> took_ms(Span span) const;
  /// The longest operation on the vShard of which a part lay in the span; also one that was an error.
  double longest_ms(VShardId vshard, Span span) const;
  /// How many keys do not hold what they must, read through that port.
  std::uint64_t lost(int port) const;

 private:
  struct Key {
    std::string name;
    VShardId vshard;
    std::int64_t least = 0;  ///< what it may hold
    std::int64_t most = 0;
  };
  struct Worker {
    std::vector<Key> keys;
    bool reads = false;
    std::vector<Operation> done;
    std::atomic<unsigned> route = 0;  ///< whose ports it uses
    std::thread thread;
  };
  void work(Worker& worker, std::size_t number);
  int port(std::size_t number) const;
  std::string value_of(std::int64_t number) const;

  Options options_;
  mutable std::mutex ports_mutex_;
  std::atomic<unsigned> route_ = 0;  ///< counts go_through
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> errors_ = 0;
  std::atomic<std::uint64_t> wrong_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
};

/// `count` clients that share all vShards among them, each vShard one client's.
std::vector<Counters::Client> clients_of_all_vshards(int count);

}  // namespace nodedb::bench
