// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything that can happen to a node. Made by edge/ from real life and by sim/ from a seed.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/time.h"
#include "base/trace_context.h"
#include "base/uuid.h"
#include "meta/entries.h"
#include "meta/migration.h"
#include "node/status.h"
#include "node/task.h"
#include "node/trust.h"
#include "nodedb/cluster/read.h"
#include "wire/messages.h"

namespace nodedb::node {

/// The instant that the last turn asked for has come.
struct Wake {};

/// An authenticated connection to `peer` stands (mutual TLS proved the UUID and the cluster). `seed`: the
/// address that was dialled, empty if the peer dialled.
struct PeerConnected {
  Uuid peer;
  std::string seed;
};
struct PeerDisconnected {
  Uuid peer;
};
struct FromPeer {
  Uuid peer;
  wire::PeerMessage message;
};

/// Every log batch up to `id` is durable.
struct LogDurable {
  std::uint64_t id = 0;
};
/// The disk has no room (or has room again): pending batches wait and are tried again by the edge.
struct DiskRoom {
  bool full = false;
};

struct FromState {
  StateDone done;
};

/// A client's command for one vShard. `tag` comes back in the reply.
struct ClientRequest {
  std::uint64_t tag = 0;
  VShardId vshard;
  bool write = false;
  Blob command;
  std::int64_t timeout_ns = 10 * ns_per_s;
  std::optional<Time> arrived{};  ///< when the edge took it; what waits in front of the core has waited, too
  // Reads only, as in nodedb/cluster/read.h.
  ReadLevel level = ReadLevel::lease;
  std::int64_t max_staleness_ns = 0;
  Index after{};
  TraceContext trace{};  ///< none: nobody traces it
};

// --- operator's requests; each is answered by an OperatorReply with its tag ---

/// Form the cluster out of the seeds. Idempotent.
struct Init {
  std::uint64_t tag = 0;
};
struct GetStatus {
  std::uint64_t tag = 0;
  StatusWish wish;
};
/// Hand the leadership of a vShard (or of group 0) to another voter.
struct TransferLeader {
  std::uint64_t tag = 0;
  GroupId group;
  NodeId to;
};
/// Give a group another config, one legal step from the one in force (raft/config.h check_step). Leader only;
/// answered by ConfigProposed as soon as it is in the leader's log. The tool of tests and, later, of moves.
struct ChangeConfig {
  std::uint64_t tag = 0;
  GroupId group;
  raft::Config next;
};
/// Move a replica of a vShard to another node; answered by MigrationTaken once group 0 has taken it. Errors:
/// over_budget (with the estimate), and those of meta/machine.h.
struct StartMigration {
  std::uint64_t tag = 0;
  VShardId vshard;
  NodeId source;
  NodeId target;
  std::uint64_t pause_budget_us = 500'000;
};
/// Undo a migration that has not reached Cutover; answered by MigrationTaken once group 0 has decided it.
struct CancelMigration {
  std::uint64_t tag = 0;
  meta::MigrationId id;
  std::string reason;
};
/// An operator changes a member, a setting, a token: any entry of meta/admin.h, or a batch of them. `actor`
/// is the name in the operator's certificate; who and when are put into the entry here. Answered by
/// Administered once group 0 has taken it.
struct Administer {
  std::uint64_t tag = 0;
  std::string actor;
  meta::MetaEntry entry;
};
/// A machine shows a token at the join door and asks for a certificate. Answered by TokenClaimed if group 0
/// lets it in, with an error (mostly forbidden) if not.
struct ClaimToken {
  std::uint64_t tag = 0;
  meta::TokenClaim claim;
  std::string from;  ///< its address
};
/// Group 0 has lost its majority for good: it is to go on from this node alone (raft/forced.cc). Answered by
/// Administered once it is on its way; the node then leads group 0. Errors: those of raft::force_config, and
/// invalid_state while a majority answers.
struct RecoverMetadata {
  std::uint64_t tag = 0;
  std::string actor;
  raft::Forced forced;
};
/// Carry the planner's steps out once, whatever the mode. Asked of the node that drives (else not_leader),
/// and forgotten if another one takes over; answered by Administered.
struct Rebalance {
  std::uint64_t tag = 0;
  std::string actor;
};
/// An operator is about to do what group 0 does not decide: it leaves a line in the audit log. Answered by
/// Administered once group 0 has taken it.
struct NoteDown {
  std::uint64_t tag = 0;
  std::string actor;
  std::string what;
};
/// Hand all leaderships away; `Turn::drained` tells when none is left or patience is over.
struct Drain {};

using Event = std::variant<Wake, PeerConnected, PeerDisconnected, FromPeer, LogDurable, DiskRoom, FromState,
                           ClientRequest, Init, GetStatus, TransferLeader, ChangeConfig, StartMigration,
                           CancelMigration, Administer, ClaimToken, RecoverMetadata, Rebalance, NoteDown,
                           Drain, CertificateInUse, DoorNote>;

}  // namespace nodedb::node
