// SPDX-License-Identifier: Apache-2.0
#pragma once

// What operators ask a node over QUIC, and what comes back. A request is one line: a verb and its arguments.
// An answer is the exit status (app/exit_code.h) on the first line and JSON after it. Pure.
//
//   init                          form the cluster out of the seeds
//   status [groups] [group N] [history]
//                                 the node's status; with a row for every group, or for one, and with all
//                                 ended migrations, if asked
//   transfer GROUP NODE           hand the group's leadership to a voter; asked of its leader
//   migrate VSHARD FROM TO US     move a replica within a budget of so many microseconds; any node takes it
//   cancel MIGRATION              undo a migration that has not cut over; any node takes it

#include <variant>

#include "app/exit_code.h"
#include "app/json.h"
#include "base/ids.h"
#include "base/uuid.h"
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
using OperatorRequest = std::variant<AskInit, AskStatus, AskTransfer, AskMigrate, AskCancel>;

Bytes encode_request(const OperatorRequest& request);
/// Errors: malformed, too_large.
Result<OperatorRequest> parse_request(BytesView line);

/// Of QUIC, since the start.
struct NetCounts {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t bytes_received = 0;
};

/// What the server answers: the reply's own JSON, or `{"code":…,"error":…}`.
Bytes encode_answer(const Result<Json>& answer);
/// A status gets what the network has carried beside what the node knows.
Bytes encode_answer(const decltype(node::OperatorReply::result)& result, const NetCounts& net);

/// Reads an answer back; a refused request is an error again, with its code. Errors: malformed, and the
/// node's.
Result<Json> parse_answer(BytesView answer);

}  // namespace nodedb::app
