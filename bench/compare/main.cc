// SPDX-License-Identifier: Apache-2.0
// The same load on three nodes of ours and on a three-node etcd, in turn (A B A B), and the ratios. Both on
// loopback, both with an fsync before a write is acknowledged; ours with TLS between the nodes, etcd without.
//
//   compare_bench [--rounds 2] [--seconds 4]
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <sstream>

#include "app/table.h"
#include "bench/cluster/load.h"
#include "bench/cluster/usage.h"
#include "bench/compare/etcd.h"

namespace nodedb::bench {

namespace {

constexpr int not_installed = 3;

struct Row {
  Operation operation = Operation::set;
  std::size_t bytes = 16;
  std::size_t outstanding = 256;
  std::size_t connections = 16;

  std::string name() const {
    return std::string(operation == Operation::set ? "write " : "read ") + std::to_string(bytes) + " B, " +
           std::to_string(outstanding) + " over " + std::to_string(connections);
  }
};

const std::vector<Row> rows{
    {Operation::set, 16, 256, 16},   {Operation::set, 16, 256, 256}, {Operation::set, 256, 64, 16},
    {Operation::set, 256, 1024, 16}, {Operation::set, 4096, 64, 16}, {Operation::set, 4096, 1024, 16},
    {Operation::get, 16, 256, 16},
};

struct Figures {
  double per_second = 0;
  double cpu_us = 0;
  double p99_us = 0;
};
/// Of one system: by row, one for each round.
using Measured = std::vector<std::vector<Figures>>;

using Run = std::function<std::optional<LoadResult>(const LoadOptions&, std::string&)>;

std::uint64_t cpu_of(const std::vector<pid_t>& pids) {
  std::uint64_t sum = 0;
  for (const pid_t pid : pids) sum += usage_of(pid).cpu_us();
  return sum;
}

bool measure(const std::vector<int>& ports, const std::vector<pid_t>& pids, double seconds, const Run& run,
             Measured& out, std::string& complaint) {
  out.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    LoadOptions load;
    load.ports = ports;
    load.value_bytes = rows[i].bytes;
    if (!run(filling(load), complaint)) return false;
    load.operation = rows[i].operation;
    load.outstanding = rows[i].outstanding;
    load.connections = rows[i].connections;
    load.seconds = 1;
    if (!run(load, complaint)) return false;  // warm
    load.seconds = seconds;
    const std::uint64_t before = cpu_of(pids);
    const auto result = run(load, complaint);
    const std::uint64_t spent = cpu_of(pids) - before;
    if (!result) return false;
    if (result->operations == 0 || result->errors > 0) {
      complaint = rows[i].name() + ": " + std::to_string(result->errors) + " errors";
      return false;
    }
    const auto count = static_cast<double>(result->operations);
    out[i].push_back({count / result->seconds, static_cast<double>(spent) / count, result->p99_us});
    std::cerr << "." << std::flush;
  }
  return true;
}

bool measure_ours(double seconds, Measured& out, std::string& complaint) {
  const e2e::TemporaryDirectory directory("nodedb-compare");
  const auto cluster = e2e::Cluster::start(directory.path(), 3, complaint);
  if (!cluster) return false;
  std::vector<int> ports;
  std::vector<pid_t> pids;
  for (const e2e::Cluster::Node& node : cluster->nodes()) {
    ports.push_back(node.redis_port);
    pids.push_back(node.pid);
  }
  return measure(ports, pids, seconds, run_load, out, complaint);
}

bool measure_etcd(double seconds, Measured& out, std::string& complaint) {
  const e2e::TemporaryDirectory directory("nodedb-compare-etcd");
  const auto etcd = Etcd::start(directory.path(), complaint);
  return etcd && measure(etcd->ports(), etcd->pids(), seconds, run_etcd_load, out, complaint);
}

double mean(const std::vector<Figures>& rounds, double Figures::*figure) {
  double sum = 0;
  for (const Figures& one : rounds) sum += one.*figure;
  return sum / static_cast<double>(rounds.size());
}

std::string text(double value, int digits) {
  std::ostringstream out;
  out.precision(digits);
  out << std::fixed << value;
  return out.str();
}

int run(int rounds, double seconds) {
  Measured ours, etcd;
  std::string complaint;
  for (int round = 0; round < rounds; ++round) {
    if (measure_ours(seconds, ours, complaint) && measure_etcd(seconds, etcd, complaint)) continue;
    std::cerr << "\ncompare_bench: " << complaint << "\n";
    return complaint.find("not installed") == std::string::npos ? 1 : not_installed;
  }
  std::cerr << "\n";
  app::Table table({"LOAD", "OURS/S", "ETCD/S", "RATIO", "OURS CPU-US", "ETCD CPU-US", "RATIO", "OURS P99-US",
                    "ETCD P99-US"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto both = [&](double Figures::*figure) {
      return std::pair(mean(ours[i], figure), mean(etcd[i], figure));
    };
    const auto [rate, their_rate] = both(&Figures::per_second);
    const auto [cpu, their_cpu] = both(&Figures::cpu_us);
    const auto [p99, their_p99] = both(&Figures::p99_us);
    table.add({rows[i].name(), text(rate, 0), text(their_rate, 0), text(rate / their_rate, 2), text(cpu, 1),
               text(their_cpu, 1), text(cpu / their_cpu, 2), text(p99, 0), text(their_p99, 0)});
  }
  std::cout << table.text() << "means of " << rounds
            << " rounds; CPU of all three nodes for each operation\n";
  return 0;
}

}  // namespace

}  // namespace nodedb::bench

int main(int count, char** words) {
  int rounds = 2;
  double seconds = 4;
  bool known = count % 2 == 1;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string word = words[i];
    known = known && (word == "--rounds" || word == "--seconds");
    if (word == "--rounds") rounds = std::atoi(words[i + 1]);
    if (word == "--seconds") seconds = std::strtod(words[i + 1], nullptr);
  }
  if (!known || rounds < 1 || seconds <= 0) {
    std::cerr << "usage: compare_bench [--rounds N] [--seconds S]\n";
    return 2;
  }
  return nodedb::bench::run(rounds, seconds);
}
