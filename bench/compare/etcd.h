// SPDX-License-Identifier: Apache-2.0
#pragma once

// A three-node etcd on loopback, and a load of puts and linearizable gets on it over gRPC: HTTP/2 by nghttp2,
// the few protobuf messages by hand. Without TLS, neither for clients nor between its nodes.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/cluster/load.h"
#include "tests/e2e/support/process.h"

namespace nodedb::bench {

class Etcd {
 public:
  /// Nothing, and `complaint`, if it is not installed or does not serve within 20 s.
  static std::optional<Etcd> start(const std::string& directory, std::string& complaint);

  const std::vector<int>& ports() const { return ports_; }
  std::vector<pid_t> pids() const;

 private:
  std::vector<int> ports_;
  std::vector<std::unique_ptr<e2e::Process>> nodes_;
};

/// Closed loop, as run_load; `vshards` means nothing here.
std::optional<LoadResult> run_etcd_load(const LoadOptions& options, std::string& complaint);

}  // namespace nodedb::bench
