// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a node has begun and waits with: for other nodes, its disk, or group 0. Shapes only; who fills and
// ends them is in state.h.

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/request_path.h"
#include "meta/entries.h"
#include "node/origin.h"
#include "raft/group.h"

namespace nodedb::node {

/// What group 0 had decided when this was asked is in the rows here once they have come to its index.
struct MetadataRead {
  Time asked = long_ago;
  std::uint64_t token = 0;
  std::optional<Index> index;  ///< nothing: there is no answer yet
};

/// An `init` that waits for the other founders.
struct Founding {
  std::vector<std::uint64_t> tags;
  Time deadline = never;
  std::set<Uuid> accepted;
};

/// An operator's request that group 0 decides.
struct Asked {
  std::uint64_t tag = 0;
  std::optional<meta::MigrationId> id{};  ///< nothing: it is about no migration
  bool claims = false;                    ///< it shows a token
};

/// How long handing over a group's leadership kept its writes waiting.
struct Pause {
  Time began = never;  ///< `never`: no hand-over is under way
  std::uint64_t longest_us = 0;
};

/// What goes with a leader's answer.
struct Served {
  NodeId leader_hint{};                  ///< as in wire::ForwardReply
  Index at{};                            ///< as there
  const ServedStages* stages = nullptr;  ///< how far the request had come; null: nowhere
};

struct PendingRead {
  Origin origin;
  GroupId group;
  Blob query;
  Time asked;
  raft::ReadProof proof = raft::ReadProof::lease;
  Index at{};  ///< the view's applied index, once it was handed out
  ServedStages stages{};
};

}  // namespace nodedb::node
