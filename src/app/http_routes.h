// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the HTTP port tells, path by path. One table: requests, /openapi.json and its test read it. JSON has
// the shapes of `-o json` (app/status_json.h). Pure.

#include <span>
#include <string_view>

#include "app/json.h"
#include "app/node_figures.h"

namespace nodedb::app {

struct HttpAnswer {
  unsigned status = 200;
  Bytes body;
};

struct HttpRoute {
  std::string_view path;
  std::string_view type;  ///< of its answers
  std::string_view what;
  node::StatusWish wish{};
  /// From figures with that wish. Null: the port knows the answer without the core.
  HttpAnswer (*answer)(const NodeFigures& figures, bool verbose) = nullptr;
  bool verbose = false;  ///< the argument `verbose` makes a difference
};

inline constexpr std::string_view livez_path = "/livez";
inline constexpr std::string_view readyz_path = "/readyz";
inline constexpr std::string_view events_path = "/v1/events";
inline constexpr std::string_view openapi_path = "/openapi.json";

/// With the stream of events.
std::span<const HttpRoute> http_routes();
/// Null: no such path.
const HttpRoute* find_route(std::string_view path);

Json openapi();

}  // namespace nodedb::app
