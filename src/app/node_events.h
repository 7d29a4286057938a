// SPDX-License-Identifier: Apache-2.0
#pragma once

// What has happened between two looks at a node, as small facts: for those who listen at /v1/events. Pure.
//
//   notice     {"ts_ms","text"}                                  a line that the node has logged
//   member     {"ts_ms","member","state","standing","connected"} one of these has changed, or it is new
//   leaders    {"ts_ms","leads":[{"member","groups"}…],"groups_without_leader"}   when any of it has changed
//   migration  {"ts_ms", and as in /v1/migrations}               it began, or reached another phase or
//   attempt migration_ended  {"ts_ms", and as in the history of /v1/migrations}

#include <cstdint>
#include <string>
#include <vector>

#include "app/json.h"
#include "node/status.h"

namespace nodedb::app {

struct NodeEvent {
  std::string name;
  Json data;
};

NodeEvent notice_event(std::int64_t wall_ms, const std::string& text);
std::vector<NodeEvent> events_between(const node::Status& before, const node::Status& after,
                                      std::int64_t wall_ms);

}  // namespace nodedb::app
