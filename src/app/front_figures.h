// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the net thread can tell of what it owns, for `status`, INFO and metrics: memory and its bounds, what
// the network has carried, when certificates end, what clients have done. Net thread.

#include "app/config.h"
#include "app/node_figures.h"
#include "edge/loop/client_door.h"
#include "edge/quic/transport.h"
#include "edge/resp/server.h"

namespace nodedb::app {

struct FrontParts {
  const Config& config;
  const quic::Transport& transport;
  resp::Server* clients = nullptr;  ///< null: there is no Redis port
  const edge::ClientDoor& door;
  MemoryUse used{};  ///< by the other threads
};

MemoryTable memory_table(FrontParts parts);
AnswerSurroundings surroundings(const FrontParts& parts);
ClientCounts client_counts(resp::Server* clients);

}  // namespace nodedb::app
