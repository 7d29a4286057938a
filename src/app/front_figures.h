// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the net thread can tell of what it owns, for `status`, INFO and metrics: memory and its bounds, what
// the network has carried, when certificates end, what clients have done. Net thread.

#include "app/client_port.h"
#include "app/config.h"
#include "app/node_figures.h"
#include "edge/loop/client_door.h"
#include "edge/quic/transport.h"

namespace nodedb::app {

struct FrontParts {
  const Config& config;
  const quic::Transport& transport;
  const ClientPort* clients = nullptr;  ///< null: there is none
  const edge::ClientDoor& door;
  MemoryUse used{};  ///< by the other threads
};

MemoryTable memory_table(FrontParts parts);
AnswerSurroundings surroundings(const FrontParts& parts);

}  // namespace nodedb::app
