// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one request went through: the instants that it reached, on the clock of the node that tells. A path is
// told of a request that was slow, or whose caller samples its trace; nobody else pays for one.
//
// The node that was asked tells when it answers. If it led the vShard itself, that is the whole path; if it
// handed the request on, its leader tells its own part, with the same trace, `asked` and `number`. A leader
// that is done with a request only after the one that asked had given it up tells then, too.
//
//   asked    received ──▶ taken ──▶ sent ··································▶ answered
//   leader                          received ─┬▶ proposed ─┬▶ persisted ─┬▶ handed ──▶ applied ──▶ answered
//                                             │            └▶ committed ─┘    ▲
//                                             └▶ confirmed (reads) ───────────┘
//
// Instants are those of the core's steps: what is told of disk or apply thread is when the core heard of it.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "base/time.h"
#include "base/trace_context.h"

namespace nodedb {

/// An instant of a path that the request has not reached.
inline constexpr Time not_reached = never;

/// What a request's leader did with it; of a read of the own replica, what the node itself did.
struct ServedStages {
  Time proposed = not_reached;   ///< writes: it is in the leader's log, and on its way to the followers
  Time persisted = not_reached;  ///< writes: the leader's own disk has it
  Time committed = not_reached;  ///< writes: a majority has it; may be before `persisted`
  Time confirmed = not_reached;  ///< reads: what it must see is known, by the leader's lease or by a round
  Time handed = not_reached;     ///< given to the apply thread, behind all that it must see
  Time applied = not_reached;    ///< the state machine has answered
  bool operator==(const ServedStages&) const = default;
};

/// One request's way through one node.
struct RequestPath {
  /// Whose part of it this is.
  enum class Side : std::uint8_t {
    asked,   ///< of the node where it came in
    leader,  ///< of the vShard's leader, which another node has asked, or that was not waited for any more
  };

  Side side = Side::asked;
  TraceContext trace{};         ///< as the caller gave it; none: it gave none
  bool write = false;           ///< else a read
  bool slow = false;            ///< it took as long as the setting `trace.slow_after` says, or longer
  VShardId vshard;              ///< whose data it is about
  NodeId asked;                 ///< where it came in
  NodeId served_by;             ///< the leader that was asked last, or whose own replica was read; 0: nobody
  std::uint64_t number = 0;     ///< the asked node's own, of the attempt that this tells of
  std::uint32_t attempts = 0;   ///< how often the asked node has sent it, as that one tells
  std::optional<Code> error{};  ///< how it ended; nothing: with an answer

  Time received = not_reached;  ///< by the edge; at a leader by its core
  Time taken = not_reached;     ///< by the core; before that it waited in front of it
  Time sent = not_reached;      ///< to the leader, which may be the node itself
  ServedStages served{};        ///< unknown to the asked node if another one led
  Time answered = not_reached;  ///< always reached
  WallTime answered_at;         ///< the same instant by the wall clock

  std::int64_t took_ns() const { return answered - received; }  ///< from end to end
};

/// A part of the way, named by what the request waited for.
struct PathSpan {
  std::string_view name;  ///< one word: docs/operating.md, "Slow requests", says what each means
  Time from;              ///< when it began to wait
  Time to;                ///< until then
};

/// The path as spans, in order. `persist` and `commit` run beside each other; all others follow one another.
/// A span that the request did not get through ends with the path.
std::vector<PathSpan> spans_of(const RequestPath& path);

}  // namespace nodedb
