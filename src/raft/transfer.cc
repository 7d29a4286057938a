// SPDX-License-Identifier: Apache-2.0
// Handing leadership over. Thesis, section 3.10. Once the target was told to stand, this term's lease is gone
// for good: the target's votes override the support that others promised.
#include <algorithm>

#include "raft/state.h"

namespace nodedb::raft {

Result<void> Group::State::begin_transfer(Time now, NodeId target, std::int64_t patience_ns) {
  if (role != Role::leader) return fail(Code::not_leader, {});
  if (!configs.latest().is_voter(target)) {
    return fail(Code::not_found, "the target is not a voter of the group");
  }
  if (target == self) return {};
  if (transfer && transfer->target == target) return {};
  if (transfer) return fail(Code::conflict, "another transfer is under way");
  transfer = Transfer{.target = target, .ends = now + std::min(patience_ns, options.election_timeout_ns)};
  replicate = true;
  transfer_if_caught_up(now);
  return {};
}

void Group::State::transfer_if_caught_up(Time now) {
  if (role != Role::leader || !transfer || transfer->ends <= now) return;
  const bool told = transfer->tell_again != never;
  if (told ? transfer->tell_again > now : match_of(transfer->target) != log.last().index) return;
  transfer->tell_again = now + options.resend_ns;
  lease_fenced = true;
  send(transfer->target, TimeoutNow{hard.term, now, transfer->ends - now});
}

void Group::State::transfer_due(Time now) {
  if (!transfer) return;
  if (transfer->ends > now) return transfer_if_caught_up(now);
  transfer.reset();
  work().role_changed = true;
  after_commit(now);  // what the transfer held up
}

/// Votes by transfer override the support that the leader has, so an old TimeoutNow would depose it for
/// nothing: by then the transfer is over, the log has grown, and the target cannot win. A node that was
/// stopped for a while finds one in its socket: what comes from a peer that has answered no pulse of late may
/// be old. And where much waits in queues, pulses overtake it: it is at least as old as the latest of them is
/// younger.
void Group::State::receive_timeout_now(Time now, NodeId from, const TimeoutNow& message,
                                       const Liveness& live) {
  if (message.term < hard.term || live.last_echoed(from) <= now - options.election_timeout_ns) return;
  const Time pulse = live.latest_sent(from);
  const auto age_ns = static_cast<std::uint64_t>(pulse.ns) - static_cast<std::uint64_t>(message.sent.ns);
  if (pulse >= message.sent && age_ns >= static_cast<std::uint64_t>(message.valid_ns)) return;
  if (message.term > hard.term) become_follower(now, message.term, from);
  if (role != Role::follower || !voter() || fenced(now)) return;
  if (leader != from && leader != NodeId()) return;
  become_candidate(now, true);
}

}  // namespace nodedb::raft
