// SPDX-License-Identifier: Apache-2.0
// How news gets around: along with pings and acks, told to a few while it is news, exchanged as a whole now
// and then, and the goodbye.
#include <algorithm>
#include <utility>

#include "swim/state.h"

namespace nodedb::swim {

namespace {

std::size_t bytes_of(const std::vector<Rumour>& rumours) {
  std::size_t bytes = 0;
  for (const Rumour& rumour : rumours) bytes += rumour_bytes(rumour);
  return bytes;
}

}  // namespace

/// Whoever is taken for suspect or worse is told so first, whenever it is spoken to (Lifeguard, Buddy System;
/// there for pings of suspects only). A dead member that speaks is thereby asked to refute. Who leaves says
/// nothing else any more.
std::vector<Rumour> Swim::State::riders(NodeId to) {
  if (leaving) return {own_word()};
  std::vector<Rumour> riders;
  const Member& member = members.at(to);
  if (member.standing != Standing::alive && !bugs.suspect_not_told)
    riders.push_back({to, member.life, member.standing, member.by});
  const std::size_t taken = message_bytes + bytes_of(riders);
  if (taken < options.datagram_bytes)
    rumours.take(riders, options.datagram_bytes - taken, sends(options.gossip_factor, group_size()));
  return riders;
}

void Swim::State::spread(Time now, const Rumour& rumour) {
  rumours.add(rumour);
  if (gossip_at == never) gossip_at = now;
}

void Swim::State::gossip(Time now) {
  const auto listeners =
      draw(options.gossip_fanout, [](NodeId, const Member& member) { return member.reachable(); });
  for (const NodeId listener : listeners) {
    if (std::vector<Rumour> news = riders(listener); !news.empty()) send(listener, Gossip{std::move(news)});
  }
  goodbyes -= std::min<std::size_t>(goodbyes, listeners.size());
  const bool more = leaving ? goodbyes > 0 : !rumours.empty();
  // With nobody to tell it to, news waits until somebody comes back, which is news.
  gossip_at = more && !listeners.empty() ? now + options.gossip_ns : never;
}

void Swim::State::receive(Time now, NodeId, const Gossip& gossip) {
  hear(now, gossip.rumours);
}

/// What is taken for suspect or dead and answers all the same is told at once, so that it refutes.
void Swim::State::vouch(Time now, NodeId peer, Time sent) {
  Member* member = find(peer);
  if (member == nullptr || leaving) return;
  member->answered = std::max(member->answered, sent);
  const bool accused = member->standing == Standing::suspect || member->standing == Standing::dead;
  if (!accused || now - member->told < options.gossip_ns) return;
  member->told = now;
  send(peer, Gossip{riders(peer)});
}

/// All that is known goes to one living member, and to one dead one: two halves that hold each other for dead
/// would otherwise never speak again.
void Swim::State::exchange(Time now) {
  sync_at = now + options.sync_ns;
  for (const NodeId peer : draw(1, [](NodeId, const Member& one) { return one.reachable(); }))
    sync_with(peer);
  for (const NodeId peer : draw(1, [](NodeId, const Member& one) { return one.standing == Standing::dead; }))
    sync_with(peer);
}

void Swim::State::sync_with(NodeId peer) {
  std::vector<Rumour> all;
  if (is_member) all.push_back(own_word());
  for (const auto& [node, member] : members) {
    // The receiver's own first: it may have to refute.
    const Rumour word{node, member.life, member.standing, member.by};
    all.insert(node == peer ? all.begin() : all.end(), word);
  }
  send_all(peer, false, all);
}

void Swim::State::send_all(NodeId to, bool answer, const std::vector<Rumour>& all) {
  Sync part{answer, {}};
  std::size_t left = options.datagram_bytes - message_bytes;
  for (const Rumour& rumour : all) {
    const std::size_t size = rumour_bytes(rumour);
    if (size > left) {
      send(to, std::exchange(part, Sync{answer, {}}));
      left = options.datagram_bytes - message_bytes;
    }
    left -= size;
    part.rumours.push_back(rumour);
  }
  if (!part.rumours.empty()) send(to, std::move(part));
}

void Swim::State::receive(Time now, NodeId from, const Sync& sync) {
  hear(now, sync.rumours);
  if (sync.answer) return;
  std::vector<Rumour> better;
  for (const Rumour& told : sync.rumours) {
    Rumour known = own_word();
    if (told.node != self) {
      const Member* member = find(told.node);
      if (member == nullptr) continue;
      known = {told.node, member->life, member->standing, member->by};
    } else if (!is_member) {
      continue;
    }
    if (supersedes(known.life, known.standing, told.life, told.standing)) better.push_back(known);
  }
  send_all(from, true, better);
}

void Swim::State::leave(Time now) {
  if (leaving) return;
  leaving = true;
  probe.reset();
  errands.clear();
  for (auto& [node, member] : members) member.suspicion.reset();
  goodbyes = sends(options.gossip_factor, group_size());
  gossip(now);
}

bool Swim::State::gone() const {
  return leaving && gossip_at == never;
}

}  // namespace nodedb::swim
