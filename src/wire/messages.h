// SPDX-License-Identifier: Apache-2.0
#pragma once

// What nodes say to each other. One struct a meaning; wire/peer_codec.h gives each its bytes. Any of them may
// be lost, repeated, reordered or late: the receiver's state decides what it still means. Peers are addressed
// by the UUID that their certificate proves.

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/trace_context.h"
#include "base/uuid.h"
#include "meta/types.h"
#include "raft/liveness.h"
#include "raft/types.h"
#include "swim/types.h"
#include "wire/certificate_messages.h"
#include "wire/load_messages.h"
#include "wire/move_messages.h"
#include "wire/vitals_messages.h"

namespace nodedb::wire {

/// First on every connection, and again when something in it changes.
struct Hello {
  NodeId id;  ///< 0 before the cluster is formed
  Incarnation incarnation;
  std::string address;
  std::string client_address;
  bool draining = false;  ///< it is giving its leaderships away: send it none
  bool operator==(const Hello&) const = default;
};

/// "You are member `id`": the genesis, offered to members that have no identity yet, founders and those that
/// join later; answered by Founded.
struct Found {
  meta::Genesis genesis;
  NodeId id;
  bool operator==(const Found&) const = default;
};
struct Founded {
  bool accepted = false;
  std::string reason;    ///< why not
  bool retired = false;  ///< the receiver is no member any more, for ever: the answer to whatever it says
  bool operator==(const Founded&) const = default;
};

struct GroupMessage {
  GroupId group;
  raft::Message message;
  bool operator==(const GroupMessage&) const = default;
};
/// All that one turn has to say to one peer about any group.
struct RaftBundle {
  std::vector<GroupMessage> messages;
  bool operator==(const RaftBundle&) const = default;
};

/// Where a write stands in its gateway's queue for one group (DESIGN.md rule C5).
struct SessionStamp {
  NodeId gateway;
  Incarnation incarnation;
  std::uint64_t sequence = 0;           ///< 1, 2, 3, … per (gateway, incarnation, group)
  std::uint64_t first_outstanding = 0;  ///< everything below is answered or given up
  bool operator==(const SessionStamp&) const = default;
};

/// A client's request on its way from its gateway to the group's leader.
struct Forward {
  std::uint64_t request = 0;  ///< the gateway's own number, unique within its incarnation
  Incarnation incarnation;    ///< the gateway's
  GroupId group;
  bool write = false;
  SessionStamp stamp;  ///< writes only
  Blob command;
  bool by_round = false;  ///< reads only: no lease is good enough
  TraceContext trace{};   ///< the client's; none: nobody traces it
  bool operator==(const Forward&) const = default;
};
struct ForwardReply {
  std::uint64_t request = 0;
  Incarnation incarnation;  ///< echoed: answers to an earlier life of the gateway are dropped
  GroupId group;
  Result<Blob> result;
  NodeId leader_hint;  ///< with `not_leader`: who leads, if known
  Index at;  ///< of a result: a write's own entry, or one that has it behind it; the latest that a read saw
  bool operator==(const ForwardReply&) const = default;
};
/// The one kind that the transport must not repeat: a refusal answers exactly one arrival. Loss, delay and
/// reordering do no harm.
struct ForwardBundle {
  std::vector<Forward> requests;
  std::vector<ForwardReply> replies;
  bool operator==(const ForwardBundle&) const = default;
};

/// A result of limits::large_reply_bytes or more, by itself: it must not keep small ones waiting.
struct LargeReply {
  ForwardReply reply;
  bool operator==(const LargeReply&) const = default;
};

/// Names one snapshot transfer: unique because the sender's incarnation is in it.
struct TransferId {
  Incarnation incarnation;
  std::uint64_t number = 0;
  auto operator<=>(const TransferId&) const = default;
};
/// "Your log is too short; here is the state at `at`." Repeated until the first credit comes.
struct SnapshotOffer {
  TransferId transfer;
  GroupId group;
  Term term;  ///< the offering leader's
  raft::Position at;
  raft::Config config;
  bool operator==(const SnapshotOffer&) const = default;
};
/// The receiver drives: "I hold all chunks below `next`; send up to (not including) `limit`."
struct SnapshotCredit {
  TransferId transfer;
  GroupId group;
  std::uint64_t next = 0;
  std::uint64_t limit = 0;
  bool refused = false;  ///< not wanted (any more)
  bool done = false;     ///< installed and durable
  bool operator==(const SnapshotCredit&) const = default;
};
struct SnapshotChunk {
  TransferId transfer;
  GroupId group;
  std::uint64_t sequence = 0;
  std::uint32_t crc = 0;        ///< CRC-32C of `rows`
  std::uint32_t crc_chain = 0;  ///< CRC-32C of all rows from the first chunk to this one
  bool last = false;
  Blob rows;  ///< wire/rows.h
  bool operator==(const SnapshotChunk&) const = default;
};

/// "What I hold of this group's state is damaged": the leader offers its own.
struct SnapshotWanted {
  GroupId group;
  bool operator==(const SnapshotWanted&) const = default;
};

using PeerMessage =
    std::variant<Hello, Found, Founded, RaftBundle, raft::Pulse, ForwardBundle, LargeReply, SnapshotOffer,
                 SnapshotCredit, SnapshotChunk, MoveOrder, MoveReport, SnapshotWanted, swim::Message,
                 LoadReport, CertificateWanted, CertificateGiven, Vitals>;

/// Which QUIC stream carries it, the most urgent first: clients' requests never delay what commits them, nor
/// bulk a pulse; forwarded writes keep their order.
enum class StreamClass : std::uint8_t { control, log, forward, bulk };
inline constexpr std::array stream_classes{StreamClass::control, StreamClass::log, StreamClass::forward,
                                           StreamClass::bulk};
StreamClass stream_class(const PeerMessage& message);
/// It goes in a QUIC DATAGRAM frame (RFC 9221), on no stream, and is not repeated when that is lost: an
/// answer that waits behind something else says nothing about who is alive.
bool rides_datagram(const PeerMessage& message);

struct Outbound {
  Uuid to;
  PeerMessage message;
};

}  // namespace nodedb::wire
