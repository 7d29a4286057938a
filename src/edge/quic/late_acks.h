// SPDX-License-Identifier: Apache-2.0
#pragma once

// When packets are acknowledged (docs/decisions/030-late-acknowledgements.md): with the next message to the
// peer if one comes soon, since a datagram that only acknowledges costs both ends as much as one with a
// message; else after `wait_ns`, or at once after `packets_max`. RFC 9000, 13.2 leaves it to the receiver
// within the max_ack_delay that it promises. Units: nanoseconds.

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace nodedb::quic::late_acks {

/// A sender's first window has ten packets: it must not wait for the rest of these.
inline constexpr std::size_t packets_max = 8;
inline constexpr std::int64_t wait_ns = 2 * ns_per_ms;
/// Timers of a connection with nothing to send: each that goes off sooner costs a wake-up, and is mostly for
/// nothing, as packets that come meanwhile move the deadline.
inline constexpr std::int64_t quiet_deadline_ns = 4 * ns_per_ms;
/// The transport parameter: what the peer adds before it sends something again.
inline constexpr std::int64_t promised_ns = 5 * ns_per_ms;

}  // namespace nodedb::quic::late_acks
