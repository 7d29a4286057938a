// SPDX-License-Identifier: Apache-2.0
#pragma once

// Ways to carry bytes between two ends on loopback, each end on a thread of its own in this process, so that
// the process's CPU time is that of both ends. They carry the same loads.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "bench/support/transports.h"

namespace nodedb::bench {

/// What the first end is to do for as long as the carrier lives.
struct Load {
  bool bulk = false;    ///< send as much as goes
  int outstanding = 0;  ///< so many small messages are on their way at any time, each sent back
  bool pulses = false;  ///< a small message every `pulse_ns`, sent back
};

inline constexpr std::size_t message_bytes = 128;
inline constexpr std::int64_t pulse_ns = 2'000'000;

struct Tally {
  std::atomic<std::uint64_t> bulk_bytes = 0;  ///< that have arrived
  std::atomic<std::uint64_t> messages = 0;    ///< that came back
  /// How long each pulse was under way, there and back. Only to be read when the carrier is gone.
  std::vector<double> pulses_ms;
};

/// Works from when it is made until it is destroyed.
class Carrier {
 public:
  Carrier() = default;
  virtual ~Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
};

using Carried = Result<std::unique_ptr<Carrier>>;

/// One plain TCP connection: bulk only.
Carried carry_tcp(const TwoNodes& nodes, Load load, Tally& tally);
/// One TLS 1.3 connection over TCP: bulk and pulses.
Carried carry_tls(const TwoNodes& nodes, Load load, Tally& tally);
/// ngtcp2 and little else: one connection with a stream for small messages and one for bulk, that comes
/// second.
Carried carry_bare(const TwoNodes& nodes, Load load, Tally& tally);
/// Our transport: snapshot chunks, forwarded requests and pulses.
Carried carry_ours(const TwoNodes& nodes, Load load, Tally& tally);

}  // namespace nodedb::bench
