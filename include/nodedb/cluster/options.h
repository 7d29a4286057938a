// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a node is told at its start. The same options as the server's (docs/operating.md, "Configuration"):
// those that every node needs are fields, all others are given by their names as text, or in a file.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/request_path.h"
#include "nodedb/cluster/placement.h"

namespace nodedb {

/// What a node is told.
struct NodeOptions {
  std::string data;    ///< directory, made if missing; one process at a time
  std::string certs;   ///< directory with ca.crt, node.crt and node.key (credentials.h)
  std::string listen;  ///< host:port (UDP) where peers and operators reach it
  /// The founders' addresses, the same list on each of them; empty: this node founds alone.
  std::vector<std::string> seeds{};
  /// `TOKEN@HOST:PORT[,HOST:PORT…]`: becomes a node of that cluster first, with a certificate in `certs` that
  /// it is given for the token (`nodedb-cluster token create`). Not looked at once it has joined.
  std::string join{};
  /// TOML, as for the server. What is set here overrides it.
  std::string file{};
  /// Any other option, as in the file: {"replication_factor", "1"}. Overrides the file. There is no Redis
  /// port: `client` and `advertise_client` are refused. `http` is empty, not loopback, unless it is given.
  std::map<std::string, std::string> more{};

  /// Every complaint at once; empty if all is well.
  std::vector<std::string> validate() const;
};

/// Runs what it is given soon, once, on a thread of the program's choice; never from inside this call if the
/// program's own thread made it. Called on the node's net thread, which it must not keep waiting.
using Executor = std::function<void(std::move_only_function<void()>)>;

/// What the program wants to be told, and where.
struct NodeHooks {
  /// Where completions and the hooks below run. Empty: on the net thread, where nothing may block, throw, or
  /// destroy the node.
  Executor executor{};
  /// With each new picture of the placement, in order of version; some are passed over if they come fast.
  std::function<void(std::shared_ptr<const Placement>)> placement{};
  /// The cluster has retired this node for ever; it stops by itself.
  std::function<void()> retired{};
  /// The path of each request that took as long as the cluster's setting `trace.slow_after`, or whose trace
  /// is sampled: of those that this program has asked for, before their completion, and of the leader's part
  /// of what other nodes have asked.
  std::function<void(const RequestPath&)> path{};
};

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };
/// What all nodes of this process say on stderr, one line an event (logfmt). At first `info`. Call it before
/// the first node starts.
void log_to_stderr(LogLevel level);

}  // namespace nodedb
