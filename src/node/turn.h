// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a node wants done, after one step. The edge (or the simulator) carries it out and feeds back what
// happened. It may gather several turns before acting as long as each list keeps its order.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/request_path.h"
#include "base/time.h"
#include "meta/migration.h"
#include "node/status.h"
#include "node/store.h"
#include "node/task.h"
#include "node/trace.h"
#include "node/trust.h"
#include "wire/messages.h"

namespace nodedb::node {

struct LogWrite {
  std::uint64_t id = 0;  ///< rises by one; answered by LogDurable
  LogBatch batch;
};

struct ClientReply {
  std::uint64_t tag = 0;
  Result<Blob> result;
  Index at{};  ///< of a result, as wire::ForwardReply::at; 0: not known
};

struct Initialised {
  meta::Cluster cluster;
};
struct Transferred {};
struct ConfigProposed {
  raft::Position at;
};
struct MigrationTaken {
  meta::MigrationId id;
};
struct Administered {};
struct TokenClaimed {
  std::int64_t certificate_lifetime_ns = 0;
};
struct OperatorReply {
  std::uint64_t tag = 0;
  Result<std::variant<Initialised, Status, Transferred, ConfigProposed, MigrationTaken, Administered,
                      TokenClaimed>>
      result;
};

/// Whom to keep a connection to. Replaces the earlier list.
struct Peer {
  Uuid uuid;
  std::string address;
};

/// A picture of the routes, immutable and shared with the net thread, for redirects, CLUSTER commands, and
/// the program that the node is embedded in.
struct Routing {
  struct Route {
    NodeId leader;  ///< 0: unknown
    Epoch epoch;
    std::vector<NodeId> replicas;
  };
  meta::Cluster cluster;
  NodeId self;
  std::vector<meta::Member> members;
  std::vector<Route> routes;                ///< by vShard
  std::vector<meta::Migration> migrations;  ///< under way
};

struct Turn {
  std::optional<LogWrite> log;
  std::vector<wire::Outbound> send_now;
  /// To be sent once every log batch given so far, this turn's included, is durable.
  std::vector<wire::Outbound> send_after;
  std::vector<StateTask> tasks;
  std::vector<ClientReply> replies;
  std::vector<OperatorReply> operator_replies;
  std::optional<std::vector<Peer>> peers;
  std::optional<Trust> trust;              ///< set when it changed
  std::shared_ptr<const Routing> routing;  ///< set when it changed
  std::vector<TraceEvent> trace;           ///< only if Options::trace
  std::vector<RequestPath> paths;          ///< of requests that were slow or belong to a sampled trace
  std::vector<std::string> notices;        ///< facts for the log, one sentence each
  bool drained = false;
  bool retired = false;  ///< this node is no member any more, for ever: it is to stop
  Time wake_at = never;
};

}  // namespace nodedb::node
