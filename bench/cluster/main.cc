// SPDX-License-Identifier: Apache-2.0
// What a playground of three nodes on this machine does: operations per second, latency, and what each
// operation costs in CPU time (the nodes', and the generator's apart), log syncs, disk and network.
//
//   cluster_bench [--operations set,get] [--bytes 16,256,4096] [--outstanding 1,16,64,256,1024]
//                 [--connections N] [--vshards 1024] [--rate R] [--seconds 5]
//                 [--nodes 3 | --attach PORT,...]
//
// One row for each operation, size, number of outstanding commands and number of vShards in use. Without
// --connections each outstanding command has one of its own; with fewer they are pipelined. --rate makes an
// open loop of so many operations per second (load.h). --attach drives the Redis ports of a cluster that runs
// on this machine already; what its nodes use is not known then.

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>

#include "app/table.h"
#include "base/ids.h"
#include "base/units.h"
#include "bench/cluster/usage.h"
#include "bench/support/figures.h"
#include "load/load.h"

namespace nodedb::bench {

namespace {

using load::LoadOptions;
using load::Operation;
using Words = std::map<std::string, std::string>;

struct Plan {
  std::vector<Operation> operations;
  std::vector<std::size_t> bytes;
  std::vector<std::size_t> outstanding;
  std::vector<std::size_t> vshards;
  std::size_t connections = 0;
  double rate = 0;
  double seconds = 0;
  int nodes = 0;
  std::vector<std::size_t> attach;
};

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream text(list);
  for (std::string part; std::getline(text, part, ',');) parts.push_back(part);
  return parts;
}

std::vector<std::size_t> numbers(const std::string& list, std::size_t max) {
  std::vector<std::size_t> out;
  for (const std::string& part : parts_of(list)) {
    std::size_t number = 0;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), number);
    if (read.ec != std::errc() || read.ptr != part.data() + part.size() || number > max) return {};
    out.push_back(number);
  }
  return out;
}

std::optional<Plan> plan_of(Words words) {
  Plan plan;
  for (const std::string& name : parts_of(words["--operations"])) {
    if (name != "set" && name != "get") return std::nullopt;
    plan.operations.push_back(name == "set" ? Operation::set : Operation::get);
  }
  plan.bytes = numbers(words["--bytes"], 1 << 20);
  plan.outstanding = numbers(words["--outstanding"], 100'000);
  plan.vshards = numbers(words["--vshards"], vshard_count);
  const auto connections = numbers(words["--connections"], 10'000);
  plan.rate = std::strtod(words["--rate"].c_str(), nullptr);
  plan.seconds = std::strtod(words["--seconds"].c_str(), nullptr);
  plan.nodes = std::atoi(words["--nodes"].c_str());
  plan.attach = numbers(words["--attach"], 65'535);
  if (!words["--attach"].empty() && plan.attach.empty()) return std::nullopt;
  const auto bad = [](const std::vector<std::size_t>& list) {
    return list.empty() || std::ranges::find(list, 0U) != list.end();
  };
  if (plan.operations.empty() || bad(plan.bytes) || bad(plan.outstanding) || bad(plan.vshards) ||
      connections.size() != 1 || plan.seconds <= 0 || plan.nodes < 1 || plan.rate < 0)
    return std::nullopt;
  plan.connections = connections[0];
  return plan;
}

std::uint64_t own_cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

class Bench {
 public:
  /// Without a cluster it is not known what the nodes use.
  Bench(std::vector<int> ports, const e2e::Cluster* cluster) : ports_(std::move(ports)), cluster_(cluster) {}

  bool row(const Plan& plan, LoadOptions load, std::string& complaint) {
    load.servers = load::loopback(ports_);
    load.connections = plan.connections == 0 ? load.outstanding : plan.connections;
    load.rate = plan.rate;
    load.seconds = 1;
    if (load.operation == Operation::get) {
      const auto filled = run_load(filling(load), complaint);
      if (filled && filled->errors > 0) complaint = "a write was refused";
      if (!filled || filled->errors > 0) return false;
    }
    if (!load::run_load(load, complaint)) return false;  // warm
    load.seconds = plan.seconds;
    const std::vector<Usage> before = used();
    const auto disk_before = disk_bytes();
    const std::uint64_t own_before = own_cpu_us();
    const auto result = load::run_load(load, complaint);
    const std::uint64_t own = own_cpu_us() - own_before;
    const auto disk_after = disk_bytes();
    const std::vector<Usage> after = used();
    if (!result || result->operations == 0) return false;
    const auto count = static_cast<double>(result->operations);
    const auto each = [&](std::uint64_t sum, int digits) {
      return fixed(static_cast<double>(sum) / count, digits);
    };
    Usage all;
    std::string nodes = cluster_ == nullptr ? "-" : "";
    const auto known = [&](std::uint64_t sum, int digits) {
      return cluster_ == nullptr ? std::string("-") : each(sum, digits);
    };
    for (std::size_t i = 0; i < after.size(); ++i) {
      const Usage used = after[i] - before[i];
      all = all + used;
      nodes += (nodes.empty() ? "" : "/") + each(used.cpu_us(), 0);
    }
    table_.add({load.operation == Operation::set ? "SET" : "GET",
                std::to_string(load.value_bytes),
                std::to_string(load.outstanding),
                std::to_string(std::min(load.connections, load.outstanding)),
                std::to_string(load.vshards),
                fixed(count / result->seconds, 0),
                fixed(result->p50_us, 0),
                fixed(result->p90_us, 0),
                fixed(result->p99_us, 0),
                fixed(result->p999_us, 0),
                fixed(result->max_us, 0),
                known(all.cpu_us(), 1),
                known(all.user_us, 1),
                known(all.system_us, 1),
                nodes,
                each(own, 1),
                known(all.syncs, 3),
                disk_before && disk_after ? each(*disk_after - *disk_before, 0) : "-",
                known(all.datagrams, 2),
                known(all.net_bytes, 0),
                std::to_string(result->errors)});
    std::cerr << "." << std::flush;
    return true;
  }

  std::string text() const { return table_.text(); }

 private:
  std::optional<std::uint64_t> disk_bytes() const {
    return cluster_ == nullptr ? std::nullopt : disk_bytes_written(cluster_->directory());
  }
  std::vector<Usage> used() const { return cluster_ == nullptr ? std::vector<Usage>() : usage_of(*cluster_); }

  std::vector<int> ports_;
  const e2e::Cluster* cluster_;
  app::Table table_{{"OP",     "BYTES",  "OUT",   "CONN",   "VSHARDS", "OPS/S", "P50-US",
                     "P90-US", "P99-US", "P99.9", "MAX-US", "CPU-US",  "USER",  "SYSTEM",
                     "NODES",  "GEN-US", "SYNCS", "DISK-B", "DGRAMS",  "NET-B", "ERRORS"}};
};

int rows(const Plan& plan, Bench bench) {
  std::string complaint;
  bool fine = true;
  for (const Operation operation : plan.operations)
    for (const std::size_t bytes : plan.bytes)
      for (const std::size_t outstanding : plan.outstanding)
        for (const std::size_t vshards : plan.vshards) {
          LoadOptions load;
          load.operation = operation;
          load.value_bytes = bytes;
          load.outstanding = outstanding;
          load.vshards = static_cast<std::uint16_t>(vshards);
          fine = fine && bench.row(plan, load, complaint);
        }
  std::cerr << "\n";
  std::cout << bench.text() << "per operation: CPU-US of all nodes (NODES: each), GEN-US of the generator; "
            << "SYNCS, DGRAMS, NET-B of all nodes; DISK-B of the disk\n";
  if (!fine) std::cerr << "cluster_bench: " << complaint << "\n";
  return fine ? 0 : 1;
}

int attach(const Plan& plan) {
  return rows(plan, Bench({plan.attach.begin(), plan.attach.end()}, nullptr));
}

int start(const Plan& plan) {
  const e2e::TemporaryDirectory directory("nodedb-bench");
  std::string complaint;
  const auto cluster = e2e::Cluster::start(directory.path(), plan.nodes, complaint);
  if (!cluster) {
    std::cerr << "cluster_bench: " << complaint << "\n";
    return 1;
  }
  return rows(plan, Bench(cluster->redis_ports(), &*cluster));
}

}  // namespace

}  // namespace nodedb::bench

int main(int count, char** words) {
  nodedb::bench::Words given{
      {"--operations", "set,get"}, {"--bytes", "16,256,4096"}, {"--outstanding", "1,16,64,256,1024"},
      {"--connections", "0"},      {"--vshards", "1024"},      {"--rate", "0"},
      {"--seconds", "5"},          {"--nodes", "3"},           {"--attach", ""}};
  bool known = count % 2 == 1;
  for (int i = 1; i + 1 < count; i += 2) {
    known = known && given.contains(words[i]);
    given[words[i]] = words[i + 1];
  }
  const auto plan = known ? nodedb::bench::plan_of(given) : std::nullopt;
  if (!plan) {
    std::cerr
        << "usage: cluster_bench [--operations set,get] [--bytes N,...] [--outstanding N,...] "
           "[--connections N] [--vshards N,...] [--rate R] [--seconds S] [--nodes N | --attach PORT,...]\n";
    return 2;
  }
  return plan->attach.empty() ? nodedb::bench::start(*plan) : nodedb::bench::attach(*plan);
}
