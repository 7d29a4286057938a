// SPDX-License-Identifier: Apache-2.0
// How a cluster begins, and how its members find each other again. Every founder adopts the same genesis,
// computed from the same seeds: asking twice, or on two nodes at once, gives the same bytes.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/node_list.h"
#include "meta/codec.h"
#include "meta/entries.h"
#include "meta/placement.h"
#include "node/state.h"

namespace nodedb::node {

namespace {

constexpr std::int64_t founding_patience_ns = 10 * ns_per_s;
constexpr std::int64_t announce_patience_ns = 5 * ns_per_s;
constexpr std::int64_t row_read_patience_ns = 1 * ns_per_s;

/// A genesis says itself how it was made: making it again must give the same.
bool consistent(const meta::Genesis& genesis) {
  meta::GenesisPlan plan{genesis.cluster.uuid, {}, genesis.cluster.replication_factor, 0};
  for (const meta::Member& member : genesis.members) {
    plan.founders.push_back({member.uuid, member.address, member.client_address});
  }
  for (const meta::Placement& placement : genesis.placement) {
    if (!placement.replicas.empty()) ++plan.vshards_placed;
  }
  const auto again = meta::make_genesis(plan);
  return again && *again == genesis;
}

}  // namespace

void Node::State::handle(Init event) {
  if (identity && founding.deadline == never) {
    answer_operator(event.tag, Initialised{identity->genesis.cluster});
    return;
  }
  founding.tags.push_back(event.tag);
  if (founding.deadline == never) founding.deadline = now.mono + founding_patience_ns;
  continue_founding();
}

/// Forms the cluster as soon as every seed has said who it is; answers as soon as every founder has the
/// genesis.
void Node::State::continue_founding() {
  if (founding.tags.empty()) return;
  const bool late = founding.deadline <= now.mono;
  const auto answer_all = [this](const decltype(OperatorReply::result)& result) {
    for (const std::uint64_t tag : std::exchange(founding.tags, {})) answer_operator(tag, result);
    founding.deadline = never;
  };
  if (!identity) {
    auto genesis = draft_genesis();
    if (genesis) {
      const auto me = std::ranges::find(genesis->members, options.uuid, &meta::Member::uuid);
      CHECK(me != genesis->members.end());
      found(*genesis, me->id);
      return;  // goes on when the genesis is durable here
    }
    if (late || retry_advice(genesis.error().code) == Retry::never)
      answer_all(std::unexpected(genesis.error()));
    return;
  }
  const bool complete =
      founding_durable() && founding.accepted.size() + 1 >= identity->genesis.members.size();
  if (!complete && !late) return;
  if (!complete)
    notice("the cluster is formed; some founders have not confirmed yet and are told as they connect");
  answer_all(Initialised{identity->genesis.cluster});
}

Result<meta::Genesis> Node::State::draft_genesis() const {
  std::vector<std::string> seeds = options.seeds;
  if (seeds.empty()) seeds.push_back(options.address);
  if (std::ranges::find(seeds, options.address) == seeds.end()) {
    return fail(Code::malformed, "this node's own address " + options.address +
                                     " is not among the seeds: give the same --seed list to every node");
  }
  meta::GenesisPlan plan{options.cluster, {}, options.replication_factor, options.vshards_placed};
  std::string missing;
  for (const std::string& seed : seeds) {
    if (seed == options.address) {
      plan.founders.push_back({options.uuid, options.address, options.client_address});
      continue;
    }
    const auto peer = std::ranges::find_if(known, [&](const auto& entry) {
      return entry.second.connected && entry.second.hello && entry.second.hello->address == seed;
    });
    if (peer == known.end()) {
      missing += (missing.empty() ? "" : ", ") + seed;
      continue;
    }
    if (peer->second.hello->id != NodeId()) {
      return fail(
          Code::already_initialised,
          seed + " is a member of a cluster already: wait until it has told this node, or check the seeds");
    }
    plan.founders.push_back({peer->first, seed, peer->second.hello->client_address});
  }
  if (!missing.empty()) {
    return fail(Code::unreachable, "no connection to " + missing +
                                       ": start every node with the same --seed list, then run init again");
  }
  return meta::make_genesis(plan);
}

/// Adopts the genesis: identity and groups in one log batch, group 0's rows once that is durable.
void Node::State::found(const meta::Genesis& genesis, NodeId id) {
  CHECK(!identity);
  identity = wire::Identity{options.cluster, options.uuid, id, wire::data_format_version, genesis};
  self = id;
  booted = long_ago;  // a disk without an identity has promised nothing in any life
  gateway.set_self(self);
  absorb_genesis();
  log_batch().identity = wire::encode_identity(*identity);
  promise.founds = true;
  raft::Config metadata;
  metadata.voters = genesis.metadata_voters;
  std::ranges::sort(metadata.voters);
  for (const meta::Member& member : genesis.members) {
    if (!contains(metadata.voters, member.id)) metadata.learners.push_back(member.id);
  }
  bear_replica(metadata_group, metadata);
  for (std::uint32_t v = 0; v < genesis.placement.size(); ++v) {
    raft::Config config;
    config.voters = genesis.placement[v].replicas;
    std::ranges::sort(config.voters);
    if (!config.is_voter(self)) continue;
    bear_replica(group_of(VShardId(static_cast<std::uint16_t>(v))), config);
  }
  adopt_tables();
  next_upkeep = now.mono;
  const bool founder = self.value <= genesis.members.size();
  notice("the cluster " + genesis.cluster.uuid.text() + (founder ? " is formed" : " has taken this node in") +
         "; this is node " + std::to_string(self.value));
}

void Node::State::say_hello(const Uuid& peer) {
  turn.send_now.push_back(
      {peer, wire::Hello{self, incarnation, options.address, options.client_address, draining}});
}

void Node::State::receive(const Uuid& peer, wire::Hello hello) {
  if (claims_another_id(peer, hello.id)) return;
  Known& entry = known[peer];
  const bool is_founder = hello.id == NodeId();
  if (entry.hello && entry.hello->incarnation != hello.incarnation) healthy_since.erase(hello.id);
  entry.hello = std::move(hello);
  entry.row_read = {};
  if (identity) meet(peer, entry.hello->id);
  if (is_founder) offer_genesis(peer);
  if (is_founder && identity && !ids.contains(peer)) ask_to_join(peer, *entry.hello);
  if (!identity || founding.deadline != never) continue_founding();
}

/// Whoever lags behind may not have the row yet of the node that leads group 0 now, and would never get it if
/// it did not listen: a peer with a certificate of this cluster is who it says it is, unless that is another.
void Node::State::meet(const Uuid& peer, NodeId id) {
  if (id == NodeId() || ids.contains(peer) || uuids.contains(id)) return;
  ids[peer] = id;
  uuids[id] = peer;
}

/// To a peer that has no identity yet, if the genesis names it and it never reported itself before.
void Node::State::offer_genesis(const Uuid& peer) {
  if (!identity || !known[peer].connected) return;
  const auto& hello = known[peer].hello;
  if (!hello || hello->id != NodeId()) return;
  const meta::Member* member = tables.find(peer);
  if (member == nullptr) return;
  if (member->state == meta::MemberState::retired) return turn_away(peer, *hello);
  if (member->state != meta::MemberState::joining) {
    turn.send_now.push_back(
        {peer,
         wire::Founded{false, named(member->id) +
                                  " has been a member with another disk: its data is gone or elsewhere. "
                                  "Start it with its old data directory, or give the machine a new node "
                                  "certificate and let it join"}});
    return;
  }
  if (never_reported(peer)) turn.send_now.push_back({peer, wire::Found{identity->genesis, member->id}});
}

/// That a row says so is not enough, as it may be an old one: the peer may have been a member since, with
/// another disk, and what it has promised then would be forgotten. So group 0 is read, unless there is none.
bool Node::State::never_reported(const Uuid& peer) {
  if (!may_be_formed(peer) || options.bugs.moves.old_row_believed) return true;
  MetadataRead& read = known[peer].row_read;
  if (is_done(read)) return true;
  if (now.mono - read.asked >= row_read_patience_ns) ask(read);
  return false;
}

/// May group 0 ever have had a leader? Not if this node has seen nothing of one and too few others have a
/// genesis. Whoever shows an empty disk and is to get one may have had one.
bool Node::State::may_be_formed(const Uuid& target) const {
  const raft::Group& metadata = replica(metadata_group)->raft;
  if (metadata.last() != birth || metadata.term() != birth.term || metadata.leader() != NodeId()) return true;
  const std::vector<NodeId>& voters = metadata.config().voters;
  const auto had_a_genesis = std::ranges::count_if(voters, [&](NodeId voter) {
    if (voter == self) return false;
    const Uuid& uuid = uuids.at(voter);
    const auto other = known.find(uuid);
    const bool is_empty = other != known.end() && other->second.connected && other->second.hello &&
                          other->second.hello->id == NodeId();
    return uuid == target || !is_empty;
  });
  return 2 * static_cast<std::size_t>(had_a_genesis) > voters.size();
}

/// A node without an identity, with a certificate of this cluster, that group 0 does not know: it is asked to
/// take it in. Once the member's row is there the genesis is offered like to any founder.
void Node::State::ask_to_join(const Uuid& peer, const wire::Hello& hello) {
  Known& entry = known[peer];
  if (!founding_durable() || now.mono - entry.join_asked < announce_patience_ns) return;
  if (hello.address.empty()) return;
  entry.join_asked = now.mono;
  write_metadata(std::nullopt, meta::MemberJoin{peer, hello.address, hello.client_address, own_stamp()});
}

/// An offer may be lost with its connection or in a full queue: until a founder has reported itself it is
/// made again now and then.
void Node::State::offer_again() {
  for (const auto& [peer, what] : known) {
    if (!what.connected) continue;
    const meta::Member* member = tables.find(peer);
    if (member == nullptr && what.hello && what.hello->id == NodeId())
      ask_to_join(peer, wire::Hello(*what.hello));
    if (member != nullptr && member->state == meta::MemberState::joining) offer_genesis(peer);
  }
}

void Node::State::receive(const Uuid& peer, wire::Found message) {
  const auto refuse = [&](std::string why) {
    notice("refused a genesis: " + why);
    turn.send_now.push_back({peer, wire::Founded{false, std::move(why)}});
  };
  const meta::Genesis& genesis = message.genesis;
  if (genesis.cluster.uuid != options.cluster)
    return refuse("it is of cluster " + genesis.cluster.uuid.text());
  if (identity) {
    if (identity->genesis != genesis)
      return refuse("this node was founded with another one: check the seeds");
    turn.send_after.push_back({peer, wire::Founded{true, {}}});
    return;
  }
  const auto me = std::ranges::find(genesis.members, options.uuid, &meta::Member::uuid);
  const bool joins = me == genesis.members.end() && message.id.value > genesis.members.size();
  const bool founds = me != genesis.members.end() && me->id == message.id;
  if (!joins && !founds) return refuse("it does not name node " + options.uuid.text());
  if (!consistent(genesis)) return refuse("it contradicts itself");
  found(genesis, message.id);
  turn.send_after.push_back({peer, wire::Founded{true, {}}});
}

void Node::State::receive(const Uuid& peer, wire::Founded message) {
  if (message.retired && (!identity || ids.contains(peer))) return retire();
  if (!message.accepted) {
    notice(identity ? "node " + peer.text() + " does not take part: " + message.reason
                    : "this node is refused: " + message.reason);
    return;
  }
  founding.accepted.insert(peer);
  if (auto& hello = known[peer].hello; hello && ids.contains(peer)) hello->id = ids.at(peer);
  continue_founding();
}

bool Node::State::founding_durable() const {
  return identity && !promise.founds &&
         std::ranges::none_of(promises, [](const auto& p) { return p.founds; });
}

/// Tells group 0 where this node is in this life, until the row says so.
void Node::State::announce() {
  const auto me = tables.members.find(self);
  if (me == tables.members.end() || announce_at > now.mono) return;
  // Whoever is known to have had a disk is refused with an empty one: it has to be there first.
  if (!founding_durable()) return;
  const meta::Member& row = me->second;
  if (row.state == meta::MemberState::retired) return;
  if (row.incarnation >= incarnation && row.address == options.address &&
      row.client_address == options.client_address && row.name == options.name && row.zone == options.zone &&
      row.capacity == options.capacity) {
    return;
  }
  announce_at = now.mono + announce_patience_ns;
  const meta::MemberUp up{self,         incarnation,  options.address, options.client_address,
                          options.name, options.zone, options.capacity};
  gateway.submit(
      now.mono,
      {std::nullopt, metadata_group, true, Blob(meta::encode(meta::MetaEntry(up))), announce_patience_ns},
      leaders);
}

/// A retired member is talked to until it had its chance to hear of it: as long as group 0 sends it its log.
bool Node::State::is_refused(NodeId node) const {
  const auto member = tables.members.find(node);
  if (member == tables.members.end() || member->second.state != meta::MemberState::retired) return false;
  const Replica* metadata = replica(metadata_group);
  return metadata == nullptr || !contains(metadata->raft.config().members(), node);
}

void Node::State::publish_peers() {
  std::vector<Peer> peers;
  for (const auto& [id, member] : tables.members) {
    if (id != self && member.state != meta::MemberState::retired)
      peers.push_back({member.uuid, member.address});
  }
  turn.peers = std::move(peers);
  publish_trust();
}

}  // namespace nodedb::node
