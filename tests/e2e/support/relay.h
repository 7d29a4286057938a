// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bad network in front of nodes: datagrams to and from them pass through here, where some are lost,
// repeated or changed, and all are held up for different times, so that they overtake each other. Loopback
// only; a thread of its own.

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "edge/disk/files.h"

namespace nodedb::e2e {

/// Of a hundred datagrams so many.
struct Weather {
  std::uint64_t lost = 0;
  std::uint64_t repeated = 0;
  std::uint64_t changed = 0;  ///< a few of their bits, and some are cut short
  int delay_ms_max = 0;
};

class Relay {
 public:
  /// Who sends to port `at` means `to`, where the node listens.
  struct Way {
    std::uint16_t at = 0;
    std::uint16_t to = 0;
  };
  struct Counts {
    std::uint64_t passed = 0;
    std::uint64_t lost = 0;
    std::uint64_t repeated = 0;
    std::uint64_t changed = 0;
  };

  Relay(const std::vector<Way>& ways, std::uint64_t seed);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void set(Weather weather);
  /// Nothing passes to or from that node, or it does again.
  void cut(std::size_t way, bool is_cut);
  Counts counts() const;

 private:
  /// Where datagrams leave: at the node's door through `socket`, which is connected; or back to a peer.
  struct Exit {
    int socket = -1;
    std::uint16_t peer = 0;  ///< 0: the socket is connected
  };
  struct Packet {
    Exit exit;
    std::string bytes;
  };
  struct Gate {
    Way way;
    edge::FileHandle front;
    std::map<std::uint16_t, edge::FileHandle> backs;  ///< by the port of the peer that sends through it
    bool is_cut = false;
  };

  void run();
  void receive_all(Gate& gate, int socket, std::uint16_t peer);
  int back_of(Gate& gate, std::uint16_t peer);
  void carry(const Gate& gate, Exit exit, std::string bytes);
  void deliver_due();

  mutable std::mutex lock_;
  std::vector<Gate> gates_;
  Weather weather_;
  Counts counts_;
  Rng rng_;
  std::multimap<std::int64_t, Packet> held_up_;  ///< by when they go on
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace nodedb::e2e
