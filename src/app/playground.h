// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster playground`: N local nodes as child processes, with certificates made for them, formed into
// a cluster; more nodes join it if asked to. DIR keeps everything, so that the next start goes on where this
// one ended. A child that is killed stays down, unless `restart` brings it back; all children end with the
// playground.

#include <cstdint>
#include <string>
#include <vector>

#include "app/exit_code.h"
#include "app/operator_commands.h"

namespace nodedb::app {

struct PlaygroundArguments {
  std::int64_t nodes = 3;  ///< that form the cluster
  std::int64_t join = 0;   ///< that join it then, one after the other
  std::string directory;
  /// QUIC, Redis and HTTP ports from here on, three for each node; 0: free ones, which DIR remembers.
  std::int64_t base_port = 0;
  bool restart = false;
  std::string rebalance;  ///< the setting rebalance.mode; empty: as it is
  bool trace = false;     ///< each node writes DIR/node-N/trace.jsonl
  Output output = Output::table;
};

/// Runs until SIGINT or SIGTERM.
Exit run_playground(const PlaygroundArguments& arguments);

/// Where things stand; kept in DIR/playground.json.
struct PlaygroundPlan {
  struct Node {
    std::string uuid;
    std::uint16_t quic = 0;
    std::uint16_t redis = 0;
    std::uint16_t http = 0;
  };
  std::string directory;     ///< absolute
  std::vector<Node> nodes;   ///< the founders first
  std::size_t founders = 0;  ///< how many

  std::string node_directory(std::size_t index) const;
  std::string operator_directory() const { return directory + "/operator"; }
  static std::string address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
  /// The arguments that start node `index`, the program's path first.
  std::vector<std::string> start(std::size_t index, bool trace) const;
};

/// The plan in DIR, or a new one with certificates for everybody. Errors: conflict (DIR holds another plan),
/// and those of making files.
Result<PlaygroundPlan> plan_playground(const PlaygroundArguments& arguments);

}  // namespace nodedb::app
