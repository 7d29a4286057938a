// SPDX-License-Identifier: Apache-2.0
#pragma once

// What operators ask a node over QUIC, and what comes back. A request is one line: a verb and its arguments.
// An answer is the exit status (app/exit_code.h) on the first line and JSON after it. Pure.
//
//   init                          form the cluster out of the seeds
//   status [groups] [group N] [history] [admin] [plan]
//                                 the node's status; with a row for every group, or for one, with all ended
//                                 migrations, with settings, tokens and audit log, and with the planner's
//                                 steps, if asked
//   transfer GROUP NODE           hand the group's leadership to a voter; asked of its leader
//   migrate VSHARD FROM TO US     move a replica within a budget of so many microseconds; any node takes it
//   cancel MIGRATION              undo a migration that has not cut over; any node takes it
//   administer HEX                change a member, a setting or a token, give up a member, recover a vShard:
//                                 an entry of group 0 (docs/formats.md), in hexadecimal digits; any node
//                                 takes it, and says itself who asks and when
//   recover-metadata TERM INDEX TERM [NODE …]
//                                 group 0 goes on from this node alone, in the first term, if its log ends at
//                                 the index of the second; the nodes are the other survivors
//   rebalance                     carry the planner's steps out once; asked of the node that drives
//   get, put, del, scan           of keys (app/key_requests.h); any node takes them

#include <variant>

#include "app/exit_code.h"
#include "app/json.h"
#include "app/key_requests.h"
#include "base/ids.h"
#include "base/memory.h"
#include "base/uuid.h"
#include "meta/entries.h"
#include "node/turn.h"

namespace nodedb::app {

struct AskInit {
  bool operator==(const AskInit&) const = default;
};
struct AskStatus {
  node::StatusWish wish;
  bool operator==(const AskStatus&) const = default;
};
struct AskTransfer {
  GroupId group;
  NodeId to;
  bool operator==(const AskTransfer&) const = default;
};
/// Answered by `{"migration":ID}`.
struct AskMigrate {
  VShardId vshard;
  NodeId from;
  NodeId to;
  std::uint64_t pause_budget_us = 500'000;
  bool operator==(const AskMigrate&) const = default;
};
struct AskCancel {
  Uuid migration;
  bool operator==(const AskCancel&) const = default;
};
/// Answered by `{}`.
struct AskAdminister {
  meta::MetaEntry entry;
  bool operator==(const AskAdminister&) const = default;
};
/// Answered by `{}`.
struct AskRecoverMetadata {
  raft::Forced forced;
  bool operator==(const AskRecoverMetadata&) const = default;
};
/// Answered by `{}`.
struct AskRebalance {
  bool operator==(const AskRebalance&) const = default;
};
using OperatorRequest = std::variant<AskInit, AskStatus, AskTransfer, AskMigrate, AskCancel, AskAdminister,
                                     AskRecoverMetadata, AskRebalance, KeyRequest>;

Bytes encode_request(const OperatorRequest& request);
/// Which an operator means by a number. Errors: not_found.
Result<VShardId> vshard_of(std::int64_t number);
/// Errors: malformed, too_large, not_found.
Result<OperatorRequest> parse_request(BytesView line);

/// Of QUIC, since the start.
struct NetCounts {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t dropped_full = 0;         ///< frames to nodes whose queue was full
  std::uint64_t dropped_unconnected = 0;  ///< messages to nodes without a connection
};

/// What the server answers: the reply's own JSON, or `{"code":…,"error":…}`.
Bytes encode_answer(const Result<Json>& answer);
/// What a status tells beside what the node knows: what the network has carried, what memory is used for,
/// when certificates end.
struct AnswerSurroundings {
  NetCounts net;
  MemoryTable memory;
  Json certificates;
};
Json status_answer(const node::Status& status, const AnswerSurroundings& around);
Bytes encode_answer(const decltype(node::OperatorReply::result)& result, const AnswerSurroundings& around);

/// Reads an answer back; a refused request is an error again, with its code. Errors: malformed, and the
/// node's.
Result<Json> parse_answer(BytesView answer);

}  // namespace nodedb::app
