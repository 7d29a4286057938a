// SPDX-License-Identifier: Apache-2.0
// Probes: a ping, then helpers' pings (SWIM, section 3.1), and what their failure says about this node itself
// (Lifeguard, LHA-Probe).
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "swim/state.h"

namespace nodedb::swim {

void Swim::State::begin_period(Time now) {
  period_ends = now + health.stretched(options.period_ns);
  const NodeId target = round.next(rng, [&](NodeId node) { return members.at(node).reachable(); });
  if (target == NodeId()) return;
  ++counts.probes;
  const Member& member = members.at(target);
  // A suspect is pinged in any case: that is how it learns that it has to refute.
  if (member.standing == Standing::alive && now - member.answered <= options.period_ns) {
    ++counts.vouched;
    health.better();
    return;
  }
  probe = Probe{target, ++last_sequence, now + health.stretched(options.ack_wait_ns), {}, {}, false};
  send(target, Ping{probe->sequence, riders(target)});
}

void Swim::State::ask_helpers() {
  probe->ask_at = never;
  const auto helpers = draw(options.helpers, [&](NodeId node, const Member& member) {
    return node != probe->target && member.standing == Standing::alive;
  });
  probe->helpers.insert(helpers.begin(), helpers.end());
  for (const NodeId helper : helpers)
    send(helper, PingRequest{probe->sequence, probe->target, riders(helper)});
}

/// No ack, direct or not, in all of the period: the target is suspected. A helper that says nothing at all is
/// a sign that this node does not hear; a probe without helpers, that it failed.
void Swim::State::end_period(Time now) {
  const std::optional<Probe> done = std::exchange(probe, std::nullopt);
  if (!done) return;
  Member* member = find(done->target);
  if (done->answered || member == nullptr || !member->reachable()) return;
  if (member->answered >= period_ends - health.stretched(options.period_ns))
    return;  // it did, by other means
  ++counts.failed;
  const std::size_t silent = done->helpers.size() - done->nacked.size();
  health.worse(done->helpers.empty() ? 1 : static_cast<std::uint32_t>(silent));
  hear(now, Rumour{done->target, member->life, Standing::suspect, self});
}

void Swim::State::receive(Time now, NodeId from, const Ping& ping) {
  hear(now, ping.rumours);
  send(from, Ack{ping.sequence, riders(from)});
}

void Swim::State::receive(Time now, NodeId from, const Ack& ack) {
  hear(now, ack.rumours);
  if (probe && probe->sequence == ack.sequence) {
    if (from != probe->target && !probe->helpers.contains(from)) {
      ++counts.ignored;
      return;
    }
    if (!std::exchange(probe->answered, true)) health.better();
    probe->ask_at = never;
    return;
  }
  const auto errand = errands.find(ack.sequence);
  if (errand == errands.end() || errand->second.target != from) return;  // late, or nobody's
  const Errand done = errand->second;
  errands.erase(errand);
  send(done.asker, Ack{done.sequence, riders(done.asker)});
}

void Swim::State::receive(Time now, NodeId from, const PingRequest& request) {
  hear(now, request.rumours);
  if (request.target == self || request.target == from || find(request.target) == nullptr ||
      errands.size() >= limits::swim_errands_max || leaving) {
    ++counts.ignored;
    return;
  }
  const std::uint64_t sequence = ++last_sequence;
  // The nack comes before the asker's patience ends (Lifeguard: at four fifths of the wait).
  errands[sequence] = {from, request.sequence, request.target, now + options.ack_wait_ns * 4 / 5,
                       now + options.period_ns};
  send(request.target, Ping{sequence, riders(request.target)});
}

void Swim::State::receive(Time, NodeId from, const Nack& nack) {
  if (probe && probe->sequence == nack.sequence && probe->helpers.contains(from))
    probe->nacked.insert(from);
  else
    ++counts.ignored;
}

void Swim::State::run_errands(Time now) {
  for (auto at = errands.begin(); at != errands.end();) {
    Errand& errand = at->second;
    if (errand.nack_at <= now) {
      errand.nack_at = never;
      if (!bugs.never_nacks) send(errand.asker, Nack{errand.sequence});
    }
    at = errand.ends <= now ? errands.erase(at) : std::next(at);
  }
}

}  // namespace nodedb::swim
