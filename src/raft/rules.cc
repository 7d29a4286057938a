// SPDX-License-Identifier: Apache-2.0
// What always holds within one group, seen alone: the local side of DESIGN.md section 8.
#include <algorithm>
#include <array>

#include "raft/state.h"

namespace nodedb::raft {

namespace {

using Broken = std::optional<std::string>;

Broken unless(bool holds, const char* rule) {
  if (holds) return std::nullopt;
  return rule;
}

Broken broken_progress(const Progress& follower, Index last) {
  std::size_t bytes = 0;
  for (const auto& append : follower.in_flight) bytes += append.bytes;
  const bool in_flight = !follower.in_flight.empty();
  if (follower.match > last) return "a follower matches more than the leader holds";
  if (follower.next <= follower.match) return "next is not above match";
  if (bytes != follower.in_flight_bytes) return "bytes in flight are miscounted";
  if (follower.state == Progress::State::snapshot && in_flight) return "appends in flight beside a snapshot";
  if (follower.state == Progress::State::probe && follower.in_flight.size() > 1)
    return "two probes in flight";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Group::State::broken_rule() const {
  const Index last = log.last().index;
  const Index base = log.base().index;
  const std::array<Broken, 12> found{
      unless(base <= applied_upto, "R5: the log was compacted above what is applied"),
      unless(applied_upto <= handed && handed <= hard.commit, "R5: applied above commit"),
      unless(hard.commit <= last, "R3: the commit index lies behind the end of the log"),
      unless(base <= disk.upto() && disk.upto() <= last, "durable outside the log"),
      unless(handed <= disk.upto(), "R5: applied before it was durable"),
      unless(log.last().term <= hard.term, "R4: the log is ahead of the term"),
      unless(last == base || log.term_at(last - 1) <= log.last().term, "terms fall along the log"),
      unless(well_formed(configs.latest()), "R7: the config contradicts itself"),
      unless(configs.latest_index() <= last, "R7: a truncated config is in force"),
      unless(configs.latest_index() <= base ||
                 log.at(configs.latest_index()).payload.view() == encode(configs.latest()),
             "R7: the config in force is not the log's latest"),
      unless(role == Role::follower || role == Role::pre_candidate || hard.vote == self,
             "R1: stands or leads without its own vote"),
      unless((role == Role::leader) == (leader == self), "R1: leads without knowing it"),
  };
  for (const Broken& broken : found) {
    if (broken) return broken;
  }
  if (role != Role::leader) {
    return unless(progress.empty() && waiting_reads.empty() && !transfer,
                  "a leader's state outlives its role");
  }
  for (const auto& [peer, follower] : progress) {
    if (auto broken = broken_progress(follower, last)) return broken;
  }
  return unless(uncommitted_bytes == log.bytes_above(hard.commit), "uncommitted bytes are miscounted");
}

}  // namespace nodedb::raft
