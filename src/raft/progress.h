// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a leader knows about one follower's log, and what is on its way to it.
//
//        rejection, loss                       next entry compacted away
//      ┌──────────────── stream ──────────────────────────┐
//      ▼                   ▲                              ▼
//    probe ────────────────┘ success                  snapshot
//      ▲ └───────────────────────────────────────────────▲│
//      └──── snapshot sent or failed, or acknowledged ────┘
//
// probe: one append in flight at a time, `next` is a guess. stream: many in flight, `next` is optimistic.
// snapshot: no appends. `match` never falls; next > match always.

#include <cstddef>

#include "base/queue.h"
#include "raft/group.h"

namespace nodedb::raft {

struct Progress {
  using State = Group::Follower::State;

  struct InFlight {
    Index last;
    std::size_t bytes = 0;
    Time expires;  ///< without an answer by then it counts as lost
  };

  // What every append and every answer needs comes first and lies together, as in state.h.
  Index match;
  Index next;
  Index told_commit;  ///< the commit index that is on its way to it
  Queue<InFlight> in_flight;
  State state = State::probe;
  bool nudge = false;  ///< send an append even if there is no entry to send
  /// An acknowledgement may be that of another append than the one that carried `told_commit`, which may be
  /// lost: several that end at one index were sent.
  bool told_unsure = false;
  std::size_t in_flight_bytes = 0;
  Time heard = long_ago;       ///< its latest answer
  Index admitted;              ///< Append::admitted; answers that bear another are a former replica's
  Time not_before = long_ago;  ///< probes wait until then (after a failed snapshot)
  Index snapshot_floor;        ///< entries up to here will be in the snapshot that it gets

  void to_probe(Index from);
  /// What is on its way will not be answered.
  void lose_in_flight() { to_probe(state == State::stream ? match + 1 : next); }
  void to_stream();
  void to_snapshot(Index floor);
  bool window_full(const Options& options) const;
  void sent(InFlight append);
  /// The follower verified everything up to `index`. True if that is news.
  bool acknowledged(Index index);
  /// Call once an acknowledgement is dealt with: what is doubtful and no longer on its way was not told.
  void settle_told();
  bool lost(Time now) const { return !in_flight.empty() && in_flight.front().expires <= now; }
  /// When this follower wants attention, given that there are entries for it or not.
  Time deadline(bool entries_wait) const;

 private:
  void forget_in_flight();
};

}  // namespace nodedb::raft
