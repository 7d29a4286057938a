// SPDX-License-Identifier: Apache-2.0
#pragma once

// The pure path of a write on three nodes in one thread: from the bytes that a client sends to the bytes that
// it gets, with everything between them but sockets, threads, QUIC and disks. The nodes are stepped in
// lockstep, so that each step of a round is one part of the path on all nodes at once:
//
//   request   the pipelines' bytes are parsed, checked, and become calls of vShards
//   propose   the leaders stamp and propose; entries and appends come out
//   append    the followers take the appends in; the leaders' own entries are durable
//   commit    acknowledgements make a majority; committed entries go out to be applied
//   apply     the state machine's and the sessions' rows, on all replicas
//   answer    what was applied finds the request that waits for it
//   reply     answers become the client's bytes
//   encode    messages between nodes become frames, in any of the steps
//   decode    and messages again
//
// Where clients do not know who leads, there is a step before `propose` and one after `answer`:
//
//   forward   the node that the client has asked stamps the write and sends it to the leader
//   return    the leader's answer finds the client's request
//
// The stores are stand-ins over maps and not counted. A log batch is durable at once. Followers hear of a
// commit with the next append to their group, or with the next pulse.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "bench/instructions/meter.h"

namespace nodedb::bench {

inline constexpr std::size_t writes_per_round = 256;
/// Rounds are 20 ms apart: so many are one interval between pulses.
inline constexpr std::size_t rounds_per_pulse = 10;

class Member;

struct WritePathOptions {
  std::uint32_t vshards = vshard_count;  ///< that are written to; 1…1,024
  bool forwarded = false;                ///< each write comes to a node that does not lead its vShard
};

class WritePath {
 public:
  /// Three nodes that lead 1,024 vShards, elected and warm.
  explicit WritePath(WritePathOptions options);
  ~WritePath();
  WritePath(const WritePath&) = delete;
  WritePath& operator=(const WritePath&) = delete;

  /// 256 writes of 16 bytes, outstanding together. All are answered at the end.
  void round(Meter& meter);

 private:
  struct Home {
    std::string tag;       ///< a key "{tag}…" lies in the vShard
    std::size_t door = 0;  ///< the member that its clients ask
  };

  void connect();
  bool all_led() const;
  void find_homes();
  void offer_writes();
  void step(Meter& meter, const char* part);
  void carry(Meter& meter);

  WritePathOptions options_;
  Now now_;
  Rng rng_;
  std::array<std::unique_ptr<Member>, 3> members_;
  std::vector<Home> homes_;  ///< by vShard
  std::size_t next_connection_ = 0;
};

}  // namespace nodedb::bench
