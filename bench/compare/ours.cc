// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/ours.h"

#include "load/redis_protocol.h"
#include "tests/e2e/support/cluster.h"

namespace nodedb::bench {

namespace {

class Nodes : public Servers {
 public:
  explicit Nodes(e2e::Cluster cluster) : cluster_(std::move(cluster)) {}

  std::vector<int> ports() const override { return cluster_.redis_ports(); }
  std::vector<pid_t> pids() const override {
    std::vector<pid_t> pids;
    for (const auto& node : cluster_.nodes()) pids.push_back(node.pid);
    return pids;
  }

 private:
  e2e::Cluster cluster_;
};

std::unique_ptr<Servers> start(const std::string& directory, std::string& complaint) {
  auto cluster = e2e::Cluster::start(directory, 3, complaint);
  return cluster ? std::make_unique<Nodes>(std::move(*cluster)) : nullptr;
}

MakeProtocol protocol(const LoadOptions& options) {
  return load::redis_protocol({load::keys_of(options), options.value_bytes});
}

}  // namespace

System ours() {
  return {"ours",
          "",
          "",
          "SET, on the disks of a majority when it is answered; GET, linearizable. 1,024 Raft groups, TLS "
          "between nodes.",
          start,
          protocol};
}

}  // namespace nodedb::bench
