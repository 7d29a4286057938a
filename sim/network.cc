// SPDX-License-Identifier: Apache-2.0
#include "sim/network.h"

#include <algorithm>
#include <utility>

#include "base/time.h"
#include "wire/peer_codec.h"

namespace nodedb::sim {

namespace {

constexpr std::int64_t idle_timeout_ns = 4 * ns_per_s;

bool is_hello(const wire::PeerMessage& message) {
  return std::holds_alternative<wire::Hello>(message);
}

}  // namespace

Network::Network(const Climate& climate, Schedule& schedule, Receiver& receiver, Rng rng)
    : climate_(climate),
      schedule_(schedule),
      receiver_(receiver),
      rng_(rng),
      nodes_(climate.machines()),
      running_(nodes_),
      dialled_(nodes_),
      links_(nodes_ * nodes_),
      lanes_(nodes_ * nodes_),
      ends_(nodes_ * nodes_) {}

bool Network::dials(std::size_t node, std::size_t peer) const {
  return std::ranges::find(dialled_[node], peer) != dialled_[node].end();
}

std::int64_t Network::delay() {
  const std::int64_t mean = climate_.net_ns;
  std::int64_t drawn = mean / 2 + rng_.between(0, mean);
  if (rng_.chance(0.02)) drawn += rng_.between(0, 20 * mean);
  return drawn;
}

// --- connections ---

void Network::start(std::size_t node) {
  running_[node] = true;
  trouble_at_ = schedule_.now();
  for (std::size_t peer = 0; peer < nodes_; ++peer) {
    if (peer != node) try_connect(node, peer, rng_.between(ns_per_ms, 100 * ns_per_ms));
  }
}

void Network::stop(std::size_t node) {
  running_[node] = false;
  trouble_at_ = schedule_.now();
  for (std::size_t peer = 0; peer < nodes_; ++peer) {
    if (peer == node) continue;
    Link& l = link(node, peer);
    end(node, peer).connected = false;
    if (!std::exchange(l.up, false)) continue;
    const std::int64_t notice = rng_.chance(0.7) ? rng_.between(0, 50 * ns_per_ms) : idle_timeout_ns;
    const std::uint64_t epoch = l.epoch;
    schedule_.after(notice, [this, peer, node, epoch] { close(peer, node, epoch); });
  }
}

void Network::dial(std::size_t node, std::vector<std::size_t> peers) {
  dialled_[node] = std::move(peers);
  for (const std::size_t peer : dialled_[node]) {
    if (peer != node) try_connect(node, peer, rng_.between(ns_per_ms, 50 * ns_per_ms));
  }
}

void Network::try_connect(std::size_t a, std::size_t b, std::int64_t delay_ns) {
  Link& l = link(a, b);
  if (l.up || l.trying || (!dials(a, b) && !dials(b, a))) return;
  l.trying = true;
  schedule_.after(delay_ns, [this, a, b] {
    link(a, b).trying = false;
    attempt(a, b);
  });
}

void Network::attempt(std::size_t a, std::size_t b) {
  Link& l = link(a, b);
  if (l.up || (!running_[a] && !running_[b])) return;
  if (!running_[a] || !running_[b] || lane(a, b).cuts > 0 || lane(b, a).cuts > 0) {
    try_connect(a, b, rng_.between(50 * ns_per_ms, 2 * ns_per_s));
    return;
  }
  const std::array shown = {receiver_.shown_by(std::min(a, b)), receiver_.shown_by(std::max(a, b))};
  if (!receiver_.trusts(std::max(a, b), shown[0]) || !receiver_.trusts(std::min(a, b), shown[1])) {
    schedule_.mark("certificate-refused");
    try_connect(a, b, rng_.between(50 * ns_per_ms, 2 * ns_per_s));
    return;
  }
  l.up = true;
  ++l.epoch;
  l.shown = shown;
  const bool a_dials = dials(a, b) && (!dials(b, a) || rng_.chance(0.5));
  open(a, b, l.epoch, a_dials);
  open(b, a, l.epoch, !a_dials);
}

void Network::open(std::size_t node, std::size_t peer, std::uint64_t epoch, bool dialled) {
  const std::int64_t at = schedule_.now() + delay();
  lane(peer, node).open_at = at;
  trouble_at_ = at;
  schedule_.at(at, [this, node, peer, epoch, dialled] {
    if (!running_[node] || link(node, peer).epoch != epoch || !link(node, peer).up) return;
    End& e = end(node, peer);
    if (e.connected) receiver_.disconnected(node, peer);
    e = {true, epoch};
    schedule_.note(mix(node, peer));
    receiver_.connected(node, peer, dialled);
  });
}

void Network::close(std::size_t node, std::size_t peer, std::uint64_t epoch) {
  End& e = end(node, peer);
  if (!e.connected || e.epoch != epoch || !running_[node]) return;
  e.connected = false;
  trouble_at_ = schedule_.now();
  schedule_.note(mix(node + 100, peer));
  receiver_.disconnected(node, peer);
}

void Network::lose(std::size_t a, std::size_t b, std::int64_t within_ns) {
  Link& l = link(a, b);
  if (!std::exchange(l.up, false)) return;
  const std::uint64_t epoch = l.epoch;
  schedule_.after(rng_.between(0, within_ns), [this, a, b, epoch] { close(a, b, epoch); });
  schedule_.after(rng_.between(0, within_ns), [this, a, b, epoch] { close(b, a, epoch); });
  try_connect(a, b, rng_.between(0, 2 * within_ns));
}

void Network::flap(std::size_t a, std::size_t b) {
  lose(a, b, 200 * ns_per_ms);
}

void Network::judge_again(std::size_t node) {
  for (std::size_t peer = 0; peer < nodes_; ++peer) {
    if (peer == node || !link(node, peer).up) continue;
    if (!receiver_.trusts(node, link(node, peer).shown[peer > node ? 1 : 0])) lose(node, peer, ns_per_ms);
  }
}

// --- cuts ---

void Network::cut(std::size_t from, std::size_t to) {
  if (calm_ || lane(from, to).cuts++ > 0) return;
  const std::uint64_t epoch = link(from, to).epoch;
  // One dead direction starves the other of acknowledgements: both ends give up.
  schedule_.after(idle_timeout_ns + rng_.between(0, ns_per_s), [this, from, to, epoch] {
    if (lane(from, to).cuts > 0 && link(from, to).epoch == epoch) lose(from, to, ns_per_s);
  });
}

void Network::mend(std::size_t from, std::size_t to) {
  Lane& way = lane(from, to);
  if (way.cuts == 0 || --way.cuts > 0) return;
  trouble_at_ = schedule_.now();
  std::vector<Held> held = std::exchange(way.held, {});
  for (Held& h : held) carry(from, to, h.epoch, std::move(h.message));
}

void Network::calm() {
  calm_ = true;
  for (std::size_t from = 0; from < nodes_; ++from) {
    for (std::size_t to = 0; to < nodes_; ++to) {
      if (lane(from, to).cuts == 0) continue;
      lane(from, to).cuts = 1;
      mend(from, to);
    }
  }
}

std::int64_t Network::quiet_since() const {
  const bool cut = std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.cuts > 0; });
  return cut ? schedule_.now() : trouble_at_;
}

// --- messages ---

void Network::send(std::size_t from, std::size_t to, wire::PeerMessage message) {
  const End& e = end(from, to);
  if (from == to || !e.connected) return;
  ++messages_;
  schedule_.note(mix(mix(from, to), message.index()));
  if (climate_.codec) {
    const wire::EncodedMessage bytes = wire::encode(message);
    const Blob payload(bytes.whole_payload());
    schedule_.note(payload.view());
    auto back = wire::decode(bytes.kind, payload);
    if (!back) return receiver_.codec_failed(from, back.error());
    message = std::move(*back);
  }
  Lane& way = lane(from, to);
  if (way.cuts > 0) {
    // The transport repeats what was lost for as long as the connection lives.
    if (is_hello(message) || rng_.chance(0.5)) way.held.push_back({e.epoch, std::move(message)});
    return;
  }
  carry(from, to, e.epoch, std::move(message));
}

void Network::carry(std::size_t from, std::size_t to, std::uint64_t epoch, wire::PeerMessage message) {
  if (!calm_ && !is_hello(message) && rng_.chance(climate_.loss)) {
    trouble_at_ = schedule_.now();
    return;
  }
  Lane& way = lane(from, to);
  std::int64_t at = std::max(schedule_.now() + delay(), way.open_at);
  if (!calm_ && !std::holds_alternative<wire::ForwardBundle>(message) && rng_.chance(climate_.duplicate)) {
    schedule_.at(
        at + rng_.between(0, 20 * climate_.net_ns),
        [this, from, to, epoch, copy = message]() mutable { deliver(from, to, epoch, std::move(copy)); });
  }
  if (!calm_ && rng_.chance(climate_.reorder)) {
    at += rng_.between(0, 30 * climate_.net_ns);
  } else {
    std::int64_t& latest = way.latest[static_cast<std::size_t>(wire::stream_class(message))];
    at = std::max(at, latest + 1);
    latest = at;
  }
  schedule_.at(at, [this, from, to, epoch, sent = std::move(message)]() mutable {
    deliver(from, to, epoch, std::move(sent));
  });
}

void Network::deliver(std::size_t from, std::size_t to, std::uint64_t epoch, wire::PeerMessage message) {
  const End& e = end(to, from);
  if (!running_[to] || !e.connected) return;
  if (e.epoch != epoch && !(climate_.on(Fault::stale) && !calm_ && rng_.chance(0.5))) return;
  receiver_.received(to, from, std::move(message));
}

}  // namespace nodedb::sim
