// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/wire/generators.h"

#include <algorithm>

#include "meta/migration.h"
#include "wire/error_codec.h"

namespace nodedb::test {

namespace {

template <class Make>
auto list(std::size_t size_max, Make make) {
  std::vector<decltype(make())> items;
  const std::size_t size = below(size_max + 1);
  for (std::size_t i = 0; i < size; ++i) items.push_back(make());
  return items;
}

std::vector<NodeId> nodes(std::size_t size_max) {
  return list(size_max, [] { return id<NodeId>(); });
}

std::vector<NodeId> sorted_nodes(std::uint32_t first, std::size_t size_max) {
  std::vector<NodeId> set;
  for (std::size_t i = below(size_max + 1); i > 0; --i) {
    set.push_back(NodeId(first));
    first += 1 + static_cast<std::uint32_t>(below(3));
  }
  return set;
}

/// One that exists.
GroupId group_id() {
  return GroupId(static_cast<std::uint32_t>(below(vshard_count + 1)));
}

Blob blob() {
  return Blob(bytes());
}

wire::TransferId transfer() {
  const auto incarnation = id<Incarnation>();
  return {incarnation, number()};
}

raft::Append append() {
  raft::Append m{id<Term>(), position(), id<Index>(), {}, id<Index>()};
  if (m.previous.index.value > std::uint64_t{1} << 63) m.previous.index = Index(m.previous.index.value >> 1);
  Index index = m.previous.index;
  m.entries = list(4, [&] { return entry(++index); });
  return m;
}

wire::SnapshotOffer offer() {
  return {transfer(), id<GroupId>(), id<Term>(), position(), config()};
}

wire::SnapshotChunk chunk() {
  wire::SnapshotChunk m{transfer(), id<GroupId>(), number(), 0, 0, truth(), {}};
  m.crc = number<std::uint32_t>();
  m.crc_chain = number<std::uint32_t>();
  m.rows = blob();
  return m;
}

}  // namespace

raft::Config config() {
  raft::Config made;
  made.voters = sorted_nodes(1, 4);
  if (made.voters.empty()) made.voters.push_back(NodeId(7));
  made.learners = sorted_nodes(100, 3);
  if (truth()) {
    made.outgoing = sorted_nodes(1000, 3);
    made.learners_next = made.outgoing;
    if (!made.learners_next.empty() && truth()) made.learners_next.pop_back();
    made.auto_leave = made.joint() && truth();
  }
  return made;
}

raft::Entry entry(Index index) {
  raft::Entry made{index, id<Term>(), static_cast<raft::EntryKind>(below(3)), {}};
  if (made.kind == raft::EntryKind::command) made.payload = blob();
  if (made.kind == raft::EntryKind::config) made.payload = Blob(raft::encode(config()));
  return made;
}

raft::Message raft_message() {
  switch (below(7)) {
    case 0:
      return raft::VoteRequest{id<Term>(), position(), truth(), truth()};
    case 1:
      return raft::VoteReply{id<Term>(), truth(), truth()};
    case 2:
      return append();
    case 3:
      return raft::AppendReply{id<Term>(), truth(), id<Index>(), id<Index>(), position(), id<Index>()};
    case 4:
      return raft::TimeoutNow{id<Term>(), Time{number<std::int64_t>()}, number<std::int64_t>() & INT64_MAX};
    case 5:
      return raft::ReadIndexRequest{id<Term>(), number()};
    default:
      return raft::ReadIndexReply{id<Term>(), number(), truth(), id<Index>()};
  }
}

raft::Pulse pulse() {
  raft::Pulse made;
  made.incarnation = id<Incarnation>();
  made.sent = Time{number<std::int64_t>()};
  made.base = number();
  made.version = number();
  made.reply_now = truth();
  made.claims = list(5, [] { return raft::Claim{group_id(), id<Term>(), id<Index>(), truth()}; });
  made.echo_incarnation = id<Incarnation>();
  made.echo_sent = Time{number<std::int64_t>()};
  made.echo_version = number();
  made.refusals = list(5, [] { return raft::Refusal{group_id(), id<Term>()}; });
  return made;
}

wire::SessionStamp stamp() {
  wire::SessionStamp made;
  made.gateway = id<NodeId>();
  if (made.gateway == NodeId()) return made;
  made.incarnation = Incarnation(std::max<std::uint64_t>(1, number()));
  made.sequence = std::max<std::uint64_t>(1, number());
  made.first_outstanding = std::clamp<std::uint64_t>(number(), 1, made.sequence);
  return made;
}

TraceContext trace() {
  TraceContext made;
  if (!truth()) return made;
  made.trace.fill(static_cast<std::uint8_t>(1 + below(255)));
  made.parent.fill(number<std::uint8_t>());
  made.sampled = truth();
  return made;
}

wire::Forward forward() {
  wire::Forward made{number(), id<Incarnation>(), id<GroupId>(), truth(), {}, blob()};
  if (made.write)
    made.stamp = {id<NodeId>(), id<Incarnation>(), number(), number()};
  else
    made.by_round = truth();
  made.trace = trace();
  return made;
}

Error error() {
  return Error{static_cast<Code>(below(static_cast<std::size_t>(wire::last_code) + 1)), bytes()};
}

wire::ForwardReply forward_reply() {
  wire::ForwardReply made{number(), id<Incarnation>(), id<GroupId>(), blob(), id<NodeId>(), id<Index>()};
  if (truth()) {
    made.result = std::unexpected(error());
    made.at = Index();
  }
  return made;
}

meta::Cluster cluster() {
  return {uuid(), number<std::uint32_t>(), number<std::uint32_t>(), id<NodeId>()};
}

meta::Member member() {
  return {id<NodeId>(),
          uuid(),
          bytes(),
          bytes(),
          id<Incarnation>(),
          static_cast<meta::MemberState>(below(5)),
          bytes(),
          bytes(),
          number<std::uint32_t>(),
          id<NodeId>()};
}

meta::Placement placement() {
  const auto epoch = id<Epoch>();
  return {epoch, nodes(5)};
}

meta::Genesis genesis() {
  return {cluster(), list(4, member), nodes(4), list(6, placement)};
}

VShardId vshard() {
  return VShardId(static_cast<std::uint16_t>(below(vshard_count)));
}

meta::MigrationPayload migration_payload() {
  switch (below(6)) {
    case 0:
      return meta::AddLearnerCheckpoint{vshard(),     id<NodeId>(),
                                        id<NodeId>(), id<GroupId>(),
                                        number(),     {number<std::int64_t>(), number<std::uint32_t>()}};
    case 1:
      return meta::CatchUpCheckpoint{vshard(), id<Index>()};
    case 2:
      return meta::PromoteLearnerCheckpoint{vshard(), id<NodeId>(), id<GroupId>()};
    case 3:
      return meta::LeadershipTransferCheckpoint{vshard(), truth(), id<NodeId>(), id<GroupId>()};
    case 4:
      return meta::CutoverCheckpoint{vshard(), id<NodeId>(), id<GroupId>()};
    default:
      return meta::CompleteCheckpoint{vshard(), number(), truth()};
  }
}

meta::Stamp signed_by() {
  return {number(), bytes()};
}

Digest digest() {
  Digest made;
  for (std::uint8_t& byte : made.bytes) byte = static_cast<std::uint8_t>(below(256));
  return made;
}

meta::MetaEntry meta_entry() {
  const auto single = []() -> meta::SingleEntry {
    switch (below(20)) {
      case 2:
        return meta::MemberJoin{uuid(), bytes(), bytes(), signed_by()};
      case 3:
        return meta::MigrationCheckpoint{
            meta::make_checkpoint(uuid(), number<std::uint32_t>(), migration_payload(), number())};
      case 4:
        return meta::MigrationAbort{uuid(), bytes(),
                                    list(5, [] { return static_cast<meta::Compensation>(below(5)); })};
      case 5:
        return meta::MigrationEnd{uuid(), static_cast<meta::MigrationOutcome>(below(2)), number()};
      case 6:
        return meta::GhostPurge{vshard(), id<NodeId>(), number()};
      case 7:
        return meta::MemberChange{id<NodeId>(), static_cast<meta::MemberState>(below(5)), id<NodeId>(),
                                  signed_by()};
      case 8:
        return meta::SettingChange{bytes(), bytes(), signed_by()};
      case 9:
        return meta::TokenCreate{TokenId(number()), digest(), bytes(), number(), signed_by()};
      case 10:
        return meta::TokenClaim{TokenId(number()), digest(), uuid(), bytes(), signed_by()};
      case 11:
        return meta::TokenRevoke{TokenId(number()), signed_by()};
      case 12:
        return meta::AuditNote{bytes(), signed_by()};
      case 13:
        return meta::MemberLost{id<NodeId>(), signed_by()};
      case 14:
        return meta::RecoveryStart{{vshard(), id<Epoch>(), id<NodeId>(), list(4, [] { return id<NodeId>(); }),
                                    id<Term>(), id<Index>(), id<Term>()},
                                   signed_by()};
      case 15:
        return meta::RecoveryEnd{vshard(), id<Term>()};
      case 16:
        return meta::AuthorityStage{digest(), bytes(), signed_by()};
      case 17:
        return meta::AuthorityFinalise{digest(), signed_by()};
      case 18:
        return meta::MemberTrust{id<NodeId>(), digest(), digest()};
      case 0:
        return meta::MemberUp{id<NodeId>(), id<Incarnation>(),      bytes(), bytes(), bytes(),
                              bytes(),      number<std::uint32_t>()};
      case 1:
        return meta::PlacementChange{vshard(), placement()};
      default:
        return meta::ClusterVersion{number<std::uint32_t>()};
    }
  };
  if (truth()) return meta::MetaBatch{list(4, single)};
  return std::visit([](auto entry) -> meta::MetaEntry { return entry; }, single());
}

meta::Order order() {
  switch (below(7)) {
    case 0:
      return meta::OrderLearner{id<NodeId>()};
    case 1:
      return meta::OrderReplace{id<NodeId>(), id<NodeId>()};
    case 2:
      return meta::OrderLeave{};
    case 3:
      return meta::OrderLeaveBack{};
    case 4:
      return meta::OrderRemoveLearner{id<NodeId>()};
    case 5:
      return meta::OrderTransfer{id<NodeId>(), number()};
    default:
      return meta::OrderDrop{id<Index>(), id<Term>()};
  }
}

wire::MoveOrder move_order() {
  wire::MoveOrder made{id<GroupId>(), uuid(), {}};
  if (truth()) made.order = order();
  if (truth()) made.order = wire::RestoreVoters{id<Epoch>(), config().voters};
  return made;
}

wire::GroupReport group_report() {
  wire::GroupReport made{id<GroupId>(), id<Term>(), config(), id<Index>(), truth(), truth(), {}};
  if (truth()) {
    made.target =
        wire::GroupReport::Follower{id<NodeId>(),           id<Index>(), truth(),  number(), number(),
                                    number<std::int64_t>(), number(),    number(), number()};
  }
  return made;
}

wire::MoveReport move_report() {
  return {id<Term>(), id<Incarnation>(), number(), id<Index>(), list(3, group_report), list(3, [] {
            return wire::Holding{id<GroupId>(), truth(), number(), number(), truth()};
          })};
}

std::vector<swim::Rumour> rumours() {
  return list(5, [] {
    return swim::Rumour{id<NodeId>(),
                        {id<Incarnation>(), number<std::uint32_t>()},
                        static_cast<swim::Standing>(below(4)),
                        id<NodeId>()};
  });
}

swim::Message swim_message() {
  switch (below(6)) {
    case 0:
      return swim::Ping{number(), rumours()};
    case 1:
      return swim::Ack{number(), rumours()};
    case 2:
      return swim::PingRequest{number(), id<NodeId>(), rumours()};
    case 3:
      return swim::Nack{number()};
    case 4:
      return swim::Gossip{rumours()};
    default:
      return swim::Sync{truth(), rumours()};
  }
}

wire::PeerMessage peer_message() {
  switch (below(18)) {
    case 17:
      return wire::LargeReply{forward_reply()};
    case 12:
      return swim_message();
    case 13:
      return wire::LoadReport{list(3, [] {
        return wire::VShardLoad{vshard(), number(), number(), number()};
      })};
    case 14:
      return wire::CertificateWanted{bytes(), list(3, [] { return std::string(bytes()); })};
    case 15:
      if (truth()) return wire::CertificateGiven{bytes()};
      return wire::CertificateGiven{fail(Code::forbidden, bytes())};
    case 16:
      return wire::Vitals{number(), number(), number(), number(), number(), number()};
    case 11:
      return wire::SnapshotWanted{id<GroupId>()};
    case 9:
      return move_order();
    case 10:
      return move_report();
    case 0:
      return wire::Hello{id<NodeId>(), id<Incarnation>(), bytes(), bytes(), truth()};
    case 1:
      return wire::Found{genesis(), id<NodeId>()};
    case 2:
      return wire::Founded{truth(), bytes(), truth()};
    case 3:
      return wire::RaftBundle{list(5, [] { return wire::GroupMessage{id<GroupId>(), raft_message()}; })};
    case 4:
      return pulse();
    case 5:
      return wire::ForwardBundle{list(4, forward), list(4, forward_reply)};
    case 6:
      return offer();
    case 7:
      return wire::SnapshotCredit{transfer(), id<GroupId>(), number(), number(), truth(), truth()};
    default:
      return chunk();
  }
}

}  // namespace nodedb::test
