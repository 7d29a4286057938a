// SPDX-License-Identifier: Apache-2.0
// What a playground of three nodes on this machine does: writes of 16 and 256 bytes and linearizable reads
// with 1, 64 and 256 clients; operations per second, latency, and the CPU time of all nodes per operation.
//
//   cluster_bench [--seconds S] [--nodes N]

#include <cstdlib>
#include <iostream>

#include "app/table.h"
#include "bench/cluster/cpu.h"
#include "bench/cluster/load.h"
#include "tests/e2e/support/cluster.h"

namespace nodedb::bench {

namespace {

std::string rounded(double value) {
  return std::to_string(static_cast<long>(value + 0.5));
}

int run(double seconds, int nodes) {
  const e2e::TemporaryDirectory directory("nodedb-bench");
  std::string complaint;
  auto cluster = e2e::Cluster::start(directory.path(), nodes, complaint);
  if (!cluster) {
    std::cerr << complaint << "\n";
    return 1;
  }
  std::vector<pid_t> pids;
  LoadOptions load;
  for (const e2e::Cluster::Node& node : cluster->nodes()) {
    pids.push_back(node.pid);
    load.ports.push_back(node.redis_port);
  }
  app::Table table({"OPERATION", "BYTES", "CLIENTS", "OPS/S", "P50-US", "P99-US", "CPU-US/OP", "ERRORS"});
  for (const auto& [operation, bytes] :
       {std::pair(Operation::set, 16), std::pair(Operation::set, 256), std::pair(Operation::get, 256)}) {
    for (const std::size_t clients : {1, 64, 256}) {
      load.operation = operation;
      load.value_bytes = static_cast<std::size_t>(bytes);
      load.clients = clients;
      load.seconds = 1;
      if (!run_load(load, complaint)) break;  // warm
      load.seconds = seconds;
      const std::uint64_t before = cpu_us(pids);
      const auto result = run_load(load, complaint);
      const std::uint64_t spent = cpu_us(pids) - before;
      if (!result || result->operations == 0) break;
      const auto count = static_cast<double>(result->operations);
      table.add({operation == Operation::set ? "SET" : "GET", std::to_string(bytes), std::to_string(clients),
                 rounded(count / result->seconds), rounded(result->p50_us), rounded(result->p99_us),
                 rounded(static_cast<double>(spent) / count), std::to_string(result->errors)});
      std::cerr << "." << std::flush;
    }
  }
  std::cerr << "\n";
  std::cout << table.text();
  if (!complaint.empty()) std::cerr << complaint << "\n";
  return complaint.empty() ? 0 : 1;
}

}  // namespace

}  // namespace nodedb::bench

int main(int count, char** words) {
  double seconds = 5;
  int nodes = 3;
  for (int i = 1; i < count; i += 2) {
    const std::string word = words[i];
    const bool known = (word == "--seconds" || word == "--nodes") && i + 1 < count;
    if (!known) {
      std::cerr << "usage: cluster_bench [--seconds S] [--nodes N]\n";
      return 2;
    }
    if (word == "--seconds") seconds = std::strtod(words[i + 1], nullptr);
    if (word == "--nodes") nodes = std::atoi(words[i + 1]);
  }
  if (seconds <= 0 || nodes < 1) {
    std::cerr << "cluster_bench: --seconds and --nodes must be above 0\n";
    return 2;
  }
  return nodedb::bench::run(seconds, nodes);
}
