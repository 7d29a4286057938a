// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which of a connection's pipelined requests may run now. A request enters with the vShards that it touches
// and starts once every earlier unfinished request that conflicts with it has left: reads go with reads,
// writes go with writes (the node keeps a gateway's writes to a vShard in order), a read and a write of one
// vShard never overlap, and an exclusive request overlaps nothing there. A wide request touches all vShards.
// FIFO in every lane, and a request takes its places in all lanes at once, so nothing starves and nothing
// deadlocks. Pure; owned by the net thread.

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace nodedb::resp {

class Order {
 public:
  enum class Mode : std::uint8_t { read, write, exclusive };
  struct Claim {
    std::span<const VShardId> vshards;  ///< without repetition; ignored if wide
    Mode mode = Mode::read;
    bool wide = false;
  };

  /// True: start now. False: some later `leave` names it.
  bool enter(std::uint64_t request, const Claim& claim);
  /// A started request has finished; `claim` as it entered. Adds to `ready` those that may start now.
  void leave(const Claim& claim, std::vector<std::uint64_t>& ready);

 private:
  struct Waiting {
    std::uint64_t request = 0;
    Mode mode = Mode::read;
    bool strict = false;
  };
  /// Strict holders mind everybody, lax ones only the strict.
  struct Lane {
    std::array<std::array<std::uint32_t, 3>, 2> held{};
    std::vector<Waiting> waiting;
    std::size_t first = 0;  ///< of `waiting`, that still waits

    bool admits(Mode mode, bool strict) const;
    bool idle() const;
  };

  bool take(Lane& lane, const Waiting& who);
  void give_back(Lane& lane, Mode mode, bool strict, std::vector<std::uint64_t>& ready);

  Lane door_;  ///< everybody passes it; strict = wide
  std::unordered_map<VShardId, Lane> lanes_;
  std::unordered_map<std::uint64_t, std::uint32_t> blocked_;  ///< request → lanes that it still waits in
};

}  // namespace nodedb::resp
