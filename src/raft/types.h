// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Raft group keeps and says. Shapes only. Names follow the Raft paper (Ongaro & Ousterhout 2014) and
// Ongaro's thesis. There is no heartbeat among the messages: node-level pulses stand in (raft/liveness.h).

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/time.h"
#include "raft/config.h"

namespace nodedb::raft {

enum class EntryKind : std::uint8_t { noop, command, config };

struct Entry {
  Index index;
  Term term;
  EntryKind kind = EntryKind::noop;
  Blob payload;  ///< opaque for `command`; an encoded Config for `config`; empty for `noop`
  bool operator==(const Entry&) const = default;

  /// What an entry counts for in every byte cap.
  std::size_t bytes() const { return payload.size() + 32; }
};

struct Position {
  Index index;
  Term term;
  auto operator<=>(const Position&) const = default;
};

/// Rule R4: none of the three falls across restarts.
struct HardState {
  Term term;
  NodeId vote;
  Index commit;
  bool operator==(const HardState&) const = default;
};

/// What a group is born with at each boot. Pre: `log` is gapless and starts at base.index + 1.
struct Restored {
  HardState hard;
  Position base;       ///< the last position that the log no longer holds: the snapshot's
  Config base_config;  ///< the config in force at `base`
  std::vector<Entry> log;
  Index applied;  ///< what the state machine holds durably; at least base.index
  /// When a former replica of the group on this node may last have promised support; nothing: until now.
  std::optional<Time> promised{};
};

/// What a survivor of a lost majority is told (forced.cc): it votes alone from now on.
struct Forced {
  Term term;                     ///< above every term that a survivor has seen
  Position last;                 ///< the end of its log, as it was seen
  std::vector<NodeId> learners;  ///< the other survivors, sorted
  bool operator==(const Forced&) const = default;
};

struct VoteRequest {  // paper, section 5.2; pre-vote: thesis, section 9.6
  Term term;          ///< the term that the candidate would have
  Position last;
  bool pre = false;
  bool transfer =
      false;  ///< asked by TimeoutNow: a heard leader is no reason to refuse (thesis, section 3.10)
  bool operator==(const VoteRequest&) const = default;
};
struct VoteReply {
  Term term;  ///< for a granted pre-vote: the term that was asked for; else the voter's own
  bool granted = false;
  bool pre = false;
  bool operator==(const VoteReply&) const = default;
};
struct Append {  // paper, section 5.3
  Term term;
  Position previous;
  Index commit;
  std::vector<Entry> entries;
  /// The config entry of this term that admitted the follower; 0: it was a member when the term began. Comes
  /// back in the answers, and tells a replica's from those of an earlier one on the same node.
  Index admitted{};
  bool operator==(const Append&) const = default;
};
struct AppendReply {
  Term term;
  bool success = false;
  Index match{};     ///< success: the last index verified by *this* append, durable
  Index rejected{};  ///< failure: the `previous.index` that did not match
  /// Failure, a hint: the follower's first index of its conflicting term; or, when its log is too short, the
  /// index behind its end, with term 0.
  Position conflict{};
  Index admitted{};  ///< of the append that is answered
  bool operator==(const AppendReply&) const = default;
};
struct TimeoutNow {  // thesis, section 3.10
  Term term;
  Time sent;                  ///< the leader's monotonic clock
  std::int64_t valid_ns = 0;  ///< for so long from then on the leader waits for the target
  bool operator==(const TimeoutNow&) const = default;
};
/// A follower asks the leader for a read index (thesis, section 6.4); `context` comes back unchanged.
struct ReadIndexRequest {
  Term term;
  std::uint64_t context = 0;
  bool operator==(const ReadIndexRequest&) const = default;
};
struct ReadIndexReply {
  Term term;
  std::uint64_t context = 0;
  bool granted = false;
  Index index;
  bool operator==(const ReadIndexReply&) const = default;
};

using Message =
    std::variant<VoteRequest, VoteReply, Append, AppendReply, TimeoutNow, ReadIndexRequest, ReadIndexReply>;

struct Envelope {
  NodeId to;
  Message message;
};

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

}  // namespace nodedb::raft
