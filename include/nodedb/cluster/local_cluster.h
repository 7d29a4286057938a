// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole cluster inside this program, on loopback, with certificates and directories made for it: for
// examples, tests and first steps. The nodes are real ones, with real disks and sockets.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "nodedb/cluster/node.h"

namespace nodedb {

/// How large, and where.
struct LocalClusterOptions {
  std::size_t nodes = 3;  ///< that found it, 1…9; each vShard has 3 replicas, or 1 if there are fewer nodes
  std::string
      directory{};  ///< kept, and gone on with if it is there; empty: a temporary one, removed at the end
  /// Where the nodes' completions run (NodeHooks::executor).
  Executor executor{};
  /// What all of them tell of requests' paths (NodeHooks::path).
  std::function<void(const RequestPath&)> path{};
};

/// Nodes that run in this process.
class LocalCluster {
 public:
  /// Blocks until every node knows a leader for every vShard. Errors: those of Node::start and Node::init;
  /// timeout.
  static Result<std::unique_ptr<LocalCluster>> start(std::shared_ptr<const StateMachine> machine,
                                                     LocalClusterOptions options = {});
  /// Stops all nodes.
  ~LocalCluster();
  LocalCluster(const LocalCluster&) = delete;
  LocalCluster& operator=(const LocalCluster&) = delete;

  std::size_t size() const;  ///< nodes, those that are stopped included
  /// By their order of founding, from 0; node i is NodeId i + 1. Pre: i < size(), and it has not been
  /// stopped.
  Node& node(std::size_t i);
  /// Stops one; what it had stays in its directory.
  void stop(std::size_t i);
  /// Starts it again. Errors: those of Node::start; invalid_state (it runs).
  Result<void> restart(std::size_t i);
  /// With ca/ (the authority), operator/ (an operator's certificate) and node-1/ …
  const std::string& directory() const;
  /// host:port of a node, for `nodedb-cluster --node`.
  std::string address(std::size_t i) const;

 private:
  struct Impl;
  explicit LocalCluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb
