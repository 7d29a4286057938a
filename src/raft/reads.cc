// SPDX-License-Identifier: Apache-2.0
// Linearizable reads: ReadIndex rounds (thesis, section 6.4) and leases (section 6.4.1), both on the support
// that pulses collect. A lease counts from the send time of the pulse that was echoed, shortened by the
// drift.
#include <algorithm>

#include "raft/state.h"

namespace nodedb::raft {

Result<void> Group::State::read_index(Time now, std::uint64_t context, const Liveness& live,
                                      ReadProof proof) {
  if (role == Role::leader) return ask_as_leader(now, self, context, live, proof);
  if (leader == NodeId()) return fail(Code::no_leader, {});
  if (asks.size() >= options.pending_reads_max) return fail(Code::busy, "too many reads wait");
  asks.push_back(Ask{context, now});
  send(leader, ReadIndexRequest{hard.term, context});
  return {};
}

Result<void> Group::State::ask_as_leader(Time now, NodeId from, std::uint64_t context, const Liveness& live,
                                         ReadProof proof) {
  if (bugs.stale_leader_reads) {
    answer_read(from, context, true, hard.commit);
    return {};
  }
  if (waiting_reads.size() >= options.pending_reads_max) return fail(Code::busy, "too many reads wait");
  const Index index = own_term_committed() ? hard.commit : Index();
  waiting_reads.push_back(WaitingRead{from, context, now, index, proof, false});
  confirm_reads(now, &live);
  if (!waiting_reads.empty() && !waiting_reads.back().confirmed) work().wants_round = true;
  return {};
}

void Group::State::receive_read_request(Time now, NodeId from, const ReadIndexRequest& request,
                                        const Liveness& live) {
  const bool ours = role == Role::leader && request.term == hard.term;
  if (!ours || !ask_as_leader(now, from, request.context, live, ReadProof::lease)) {
    answer_read(from, request.context, false, Index());
  }
}

void Group::State::receive_read_reply(const ReadIndexReply& reply) {
  const auto ask = std::ranges::find(asks, reply.context, &Ask::context);
  if (ask == asks.end()) return;
  asks.erase(ask);
  work().reads.push_back(ReadGrant{reply.context, reply.index, reply.granted});
}

Time Group::State::supported_since(Time now, const Liveness* live) const {
  const auto since = joint_value(configs.latest(), [&](NodeId node) {
    if (node == self) return now.ns;
    return live == nullptr ? long_ago.ns : live->supported_since(node, id).ns;
  });
  return Time{std::min(since, now.ns)};
}

bool Group::State::lease_valid(Time now, Time since) const {
  if (role != Role::leader) return false;
  if (!bugs.lease_never_fenced && (lease_fenced || fenced(now))) return false;
  const double shortened = static_cast<double>(options.election_timeout_ns) * (1 - options.clock_drift_max);
  return since >= now - static_cast<std::int64_t>(shortened);
}

bool Group::State::confirms(Time now, Time asked, const Liveness& live, ReadProof proof) const {
  if (bugs.stale_leader_reads && role == Role::leader) return true;
  if (!own_term_committed()) return false;
  const Time since = supported_since(now, &live);
  if (since >= asked) return true;
  return proof == ReadProof::lease && options.lease_reads && lease_valid(now, since);
}

/// Marks the reads for which this node surely still led when they were asked. They are asked in order, so
/// they are confirmed in order. Without `live` only this node's own support counts.
void Group::State::confirm_reads(Time now, const Liveness* live) {
  if (role != Role::leader || waiting_reads.empty()) return;
  const Time since = supported_since(now, live);
  const bool lease = options.lease_reads && lease_valid(now, since);
  for (WaitingRead& read : waiting_reads) {
    if (read.asked > (lease && read.proof == ReadProof::lease ? now : since)) break;
    read.confirmed = true;
  }
  release_reads();
}

void Group::State::release_reads() {
  if (!own_term_committed()) return;
  while (!waiting_reads.empty() && waiting_reads.front().confirmed) {
    const WaitingRead& read = waiting_reads.front();
    answer_read(read.from, read.context, true, read.index == Index() ? hard.commit : read.index);
    waiting_reads.pop_front();
  }
}

void Group::State::answer_read(NodeId to, std::uint64_t context, bool granted, Index index) {
  if (to == self) {
    work().reads.push_back(ReadGrant{context, index, granted});
  } else {
    send(to, ReadIndexReply{hard.term, context, granted, index});
  }
}

void Group::State::refuse_waiting_reads() {
  for (const WaitingRead& read : waiting_reads) answer_read(read.from, read.context, false, Index());
  waiting_reads.clear();
}

void Group::State::refuse_asks(Time asked_until) {
  while (!asks.empty() && asks.front().asked <= asked_until) {
    work().reads.push_back(ReadGrant{asks.front().context, Index(), false});
    asks.pop_front();
  }
}

}  // namespace nodedb::raft
