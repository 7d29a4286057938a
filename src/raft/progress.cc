// SPDX-License-Identifier: Apache-2.0
#include "raft/progress.h"

#include <algorithm>

namespace nodedb::raft {

void Progress::forget_in_flight() {
  if (!in_flight.empty()) told_unsure = true;
  in_flight.clear();
  in_flight_bytes = 0;
}

void Progress::to_probe(Index from) {
  state = State::probe;
  next = std::max(from, match + 1);
  forget_in_flight();
}

void Progress::to_stream() {
  state = State::stream;
  next = match + 1;
  forget_in_flight();
  not_before = long_ago;
}

void Progress::to_snapshot(Index floor) {
  state = State::snapshot;
  forget_in_flight();
  snapshot_floor = floor;
}

bool Progress::window_full(const Options& options) const {
  return in_flight.size() >= options.inflight_appends_max || in_flight_bytes >= options.inflight_bytes_max ||
         next.value - match.value > options.inflight_entries_max;
}

void Progress::settle_told() {
  if (!told_unsure || !in_flight.empty()) return;
  told_unsure = false;
  told_commit = Index();
}

void Progress::sent(InFlight append) {
  if (!in_flight.empty() && in_flight.back().last >= append.last) told_unsure = true;
  in_flight_bytes += append.bytes;
  in_flight.push_back(append);
  nudge = false;
}

bool Progress::acknowledged(Index index) {
  while (!in_flight.empty() && in_flight.front().last <= index) {
    in_flight_bytes -= in_flight.front().bytes;
    in_flight.pop_front();
  }
  const bool news = index > match;
  match = std::max(match, index);
  next = std::max(next, match + 1);
  return news;
}

Time Progress::deadline(bool entries_wait) const {
  if (state == State::snapshot) return never;
  if (!in_flight.empty()) return in_flight.front().expires;
  return state == State::probe && entries_wait ? not_before : never;
}

}  // namespace nodedb::raft
