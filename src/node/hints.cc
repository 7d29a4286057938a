// SPDX-License-Identifier: Apache-2.0
// SWIM inside the node: who is watched, what it is fed and what it says. Its verdicts are for status, notices
// and whoever plans; nothing here or elsewhere lets them vote, move data or change a quorum. Pulses, not
// SWIM, tell groups about silence (decision 001); that a peer has echoed one spares SWIM a ping (decision
// 017).
#include <algorithm>
#include <string>
#include <utility>

#include "node/state.h"

namespace nodedb::node {

namespace {

std::string sentence(const swim::Change& change) {
  const std::string who = named(change.is.node);
  switch (change.is.standing) {
    case swim::Standing::alive:
      return who + " is alive again";
    case swim::Standing::suspect:
      return who + " does not answer, says node " + std::to_string(change.is.by.value);
    case swim::Standing::dead:
      return who + " is taken for dead";
    case swim::Standing::left:
      return who + " has said goodbye";
  }
  return who;
}

}  // namespace

/// The members, as group 0 has them, are watched.
void Node::State::watch_members() {
  if (!identity) return;
  // A generator of its own: what it draws is nobody else's luck.
  if (!swim) swim.emplace(self, incarnation, options.swim, Rng(rng).fork(), now.mono);
  std::vector<NodeId> watched;
  for (const auto& [id, member] : tables.members) {
    if (member.state != meta::MemberState::retired && watched.size() < limits::swim_members_max)
      watched.push_back(id);
  }
  swim->set_members(now.mono, watched);
}

void Node::State::receive(NodeId peer, const swim::Message& message) {
  if (swim && !options.bugs.verdicts_wrong) swim->receive(now.mono, peer, message);
}

/// The peer has echoed a pulse, so it hears this node and is heard.
void Node::State::vouch_for(NodeId peer) {
  const Time sent = live.last_echoed(peer);
  if (swim && sent != long_ago && !options.bugs.verdicts_wrong) swim->vouch(now.mono, peer, sent);
}

void Node::State::swim_along() {
  if (!swim) return;
  if (swim->deadline() <= now.mono) swim->wake(now.mono);
  swim::Output out = swim->take_output();
  for (swim::Outgoing& one : out.send) {
    if (connected(one.to)) turn.send_now.push_back({uuids.at(one.to), std::move(one.message)});
  }
  for (const swim::Change& change : out.changes) notice(sentence(change));
}

/// The last thing that a drained node does: so that nobody suspects it, and nobody waits for it.
bool Node::State::said_goodbye() {
  if (!draining || !drained) return false;
  if (!swim) return true;
  swim->leave(now.mono);
  return swim->gone();
}

}  // namespace nodedb::node
