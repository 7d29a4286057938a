// SPDX-License-Identifier: Apache-2.0
#pragma once

// What SWIM says and knows. Verdicts are hints: they wake, steer and colour; they never vote, move data or
// change a quorum.
//
// Everything that can be said of a member is totally ordered: by its life first, then by its standing. The
// higher word wins, whoever brings it and in whatever order (SWIM, section 4.2, where only a life's owner
// raises it). So knowledge is a maximum: rumours may be lost, repeated and reordered, and two nodes that have
// exchanged all they know agree.

#include <compare>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace nodedb::swim {

/// SWIM's incarnation number. A node refutes what is said of it by a higher one, which must survive a
/// restart: the boot counter is durable and rises at each start, and the refutations of one life need no disk
/// beside it.
struct Life {
  Incarnation boot;              ///< 0: nothing was heard of the member yet
  std::uint32_t refutation = 0;  ///< rises with each refutation in this boot
  auto operator<=>(const Life&) const = default;
};

/// Ordered: of two words about one life the later one here wins.
enum class Standing : std::uint8_t {
  alive,    ///< answers, or is said to
  suspect,  ///< did not answer; dead unless it refutes in time
  dead,     ///< did not refute
  left,     ///< said goodbye
};
std::string_view name(Standing standing);

struct Rumour {
  NodeId node;
  Life life;
  Standing standing = Standing::alive;
  NodeId by;  ///< who says so first: the witness, of a suspicion
  bool operator==(const Rumour&) const = default;
};

/// "Are you there?" A message's rumours ride along (SWIM, section 4.1), in all kinds that have them.
struct Ping {
  std::uint64_t sequence = 0;  ///< the sender's own; comes back in the answer
  std::vector<Rumour> rumours;
  bool operator==(const Ping&) const = default;
};
/// "I am", or "the target that you asked about is".
struct Ack {
  std::uint64_t sequence = 0;
  std::vector<Rumour> rumours;
  bool operator==(const Ack&) const = default;
};
/// "Is the target there? It does not answer me."
struct PingRequest {
  std::uint64_t sequence = 0;
  NodeId target;
  std::vector<Rumour> rumours;
  bool operator==(const PingRequest&) const = default;
};
/// "The target does not answer me either; but you and I do hear each other" (Lifeguard, LHA-Probe).
struct Nack {
  std::uint64_t sequence = 0;
  bool operator==(const Nack&) const = default;
};
struct Gossip {
  std::vector<Rumour> rumours;
  bool operator==(const Gossip&) const = default;
};
/// A part of all that the sender knows. The receiver answers with what it knows better of the same members.
struct Sync {
  bool answer = false;  ///< nothing more is to be answered
  std::vector<Rumour> rumours;
  bool operator==(const Sync&) const = default;
};

using Message = std::variant<Ping, Ack, PingRequest, Nack, Gossip, Sync>;

struct Outgoing {
  NodeId to;
  Message message;
};

struct Verdict {
  NodeId node;
  Standing standing = Standing::alive;
  Life life;
  Time since = long_ago;  ///< on this node's clock; `long_ago`: assumed since before anything was heard
  NodeId by;              ///< who said so first; 0: nobody did
  bool operator==(const Verdict&) const = default;
};

struct Change {
  Standing was = Standing::alive;
  Verdict is;
};

}  // namespace nodedb::swim
