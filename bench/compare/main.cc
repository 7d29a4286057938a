// SPDX-License-Identifier: Apache-2.0
// The same load on three nodes of ours and on three servers of other systems, in turn (A B C A B C), and the
// ratios. All on loopback, all with an fsync before a write is acknowledged.
//
//   compare_bench [--systems ours,etcd,zookeeper,redis] [--rounds 3] [--seconds 3] [--warm 8] [--bytes 4096]
//
// Without --systems, all that are installed; who is left out is told. Exit status 3: one that was asked for
// is not installed. --warm: seconds of each load before it is measured, for all systems alike, so that their
// memory has grown to what the load needs. --bytes: only the loads of values of so many bytes.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>

#include "app/table.h"
#include "base/units.h"
#include "bench/cluster/usage.h"
#include "bench/compare/etcd.h"
#include "bench/compare/ours.h"
#include "bench/compare/redis.h"
#include "bench/compare/zookeeper.h"
#include "bench/support/figures.h"

namespace nodedb::bench {

namespace {

constexpr int not_installed = 3;

struct Workload {
  Operation operation = Operation::set;
  std::size_t bytes = 16;
  std::size_t outstanding = 256;
  std::size_t connections = 16;

  std::string name() const {
    return std::string(operation == Operation::set ? "write " : "read ") + std::to_string(bytes) + " B, " +
           std::to_string(outstanding) + " over " + std::to_string(connections);
  }
  LoadOptions load(const Servers& servers, double seconds) const {
    LoadOptions load;
    load.servers = load::loopback(servers.ports());
    load.seconds = seconds;
    load.operation = operation;
    load.value_bytes = bytes;
    load.outstanding = outstanding;
    load.connections = connections;
    return load;
  }
};

const std::vector<Workload> all_workloads{
    {Operation::set, 16, 256, 16},   {Operation::set, 16, 256, 256}, {Operation::set, 256, 64, 16},
    {Operation::set, 256, 1024, 16}, {Operation::set, 4096, 64, 16}, {Operation::set, 4096, 1024, 16},
    {Operation::get, 16, 256, 16},
};

struct Plan {
  std::vector<Workload> workloads;
  int rounds = 0;
  double warm_s = 0;   ///< of each workload, before it is measured
  double seconds = 0;  ///< of each workload, measured
};

struct Figures {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double cpu_us = 0;        ///< of all servers, for each operation
  double generator_us = 0;  ///< of the bench itself
};
/// Of one system: by workload, one for each round.
using Measured = std::vector<std::vector<Figures>>;

std::uint64_t cpu_of(const std::vector<pid_t>& pids) {
  std::uint64_t sum = 0;
  for (const pid_t pid : pids) sum += usage_of(pid).cpu_us();
  return sum;
}

/// Only loads of which the servers refuse nothing count.
std::optional<LoadResult> served(const LoadOptions& load, const MakeProtocol& protocol,
                                 std::string& complaint) {
  const auto result = run_load(load, protocol, complaint);
  if (!result || (result->operations > 0 && result->errors == 0)) return result;
  complaint = std::to_string(result->errors) + " of " + std::to_string(result->operations + result->errors) +
              " refused";
  return std::nullopt;
}

bool served(const LoadOptions& load, const System& system, std::string& complaint) {
  return served(load, system.protocol(load), complaint).has_value();
}

std::optional<Figures> measure(const LoadOptions& load, const System& system, const Servers& servers,
                               std::string& complaint) {
  const MakeProtocol protocol = system.protocol(load);
  const std::uint64_t before = cpu_of(servers.pids()), generator_before = cpu_of({::getpid()});
  const auto result = served(load, protocol, complaint);
  const std::uint64_t spent = cpu_of(servers.pids()) - before;
  const std::uint64_t generator_spent = cpu_of({::getpid()}) - generator_before;
  if (!result) return std::nullopt;
  const auto count = static_cast<double>(result->operations);
  return Figures{count / result->seconds, result->p50_us, result->p99_us, static_cast<double>(spent) / count,
                 static_cast<double>(generator_spent) / count};
}

/// One round of a system: every workload on servers that were started for it.
bool measure(const System& system, const Plan& plan, Measured& out, std::string& complaint) {
  const e2e::TemporaryDirectory directory("nodedb-compare");
  const auto servers = system.start(directory.path(), complaint);
  if (!servers) return false;
  for (const Operation operation : {Operation::set, Operation::get}) {
    const LoadOptions load = Workload{.operation = operation}.load(*servers, system.warm_s);
    if (!served(filling(load), system, complaint) || !served(load, system, complaint)) return false;
  }
  for (std::size_t i = 0; i < plan.workloads.size(); ++i) {
    const LoadOptions load = plan.workloads[i].load(*servers, plan.seconds);
    if (!served(filling(load), system, complaint) ||
        !served(plan.workloads[i].load(*servers, plan.warm_s), system, complaint))
      return false;
    const auto figures = measure(load, system, *servers, complaint);
    if (!figures) return false;
    out[i].push_back(*figures);
    std::cerr << "." << std::flush;
  }
  return true;
}

Figures median_of(const std::vector<Figures>& rounds) {
  const auto median = [&](double Figures::*figure) {
    std::vector<double> values;
    for (const Figures& one : rounds) values.push_back(one.*figure);
    std::ranges::sort(values);
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
  };
  return {median(&Figures::per_second), median(&Figures::p50_us), median(&Figures::p99_us),
          median(&Figures::cpu_us), median(&Figures::generator_us)};
}

/// One table for each workload; the ratios are ours by that of the row.
std::string report(const std::vector<System>& systems, const std::vector<Workload>& workloads,
                   const std::map<std::string, Measured>& measured) {
  std::string out;
  const auto ours = measured.find("ours");
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    app::Table table({workloads[i].name(), "OPS/S", "P50-US", "P99-US", "CPU-US", "GEN-US", "OURS/ITS: OPS/S",
                      "P50", "P99", "CPU"});
    for (const System& system : systems) {
      const Figures its = median_of(measured.at(system.name)[i]);
      std::vector<std::string> row{system.name,          fixed(its.per_second, 0),
                                   fixed(its.p50_us, 0), fixed(its.p99_us, 0),
                                   fixed(its.cpu_us, 1), fixed(its.generator_us, 1)};
      if (ours != measured.end() && system.name != "ours") {
        const Figures our = median_of(ours->second[i]);
        row.push_back(fixed(our.per_second / its.per_second, 2));
        row.push_back(fixed(our.p50_us / its.p50_us, 2));
        row.push_back(fixed(our.p99_us / its.p99_us, 2));
        row.push_back(fixed(our.cpu_us / its.cpu_us, 2));
      }
      table.add(row);
    }
    out += table.text() + "\n";
  }
  return out;
}

int run(const std::vector<System>& systems, const Plan& plan) {
  std::map<std::string, Measured> measured;
  for (int round = 0; round < plan.rounds; ++round) {
    for (const System& system : systems) {
      Measured& its = measured[system.name];
      its.resize(plan.workloads.size());
      std::string complaint;
      if (measure(system, plan, its, complaint)) continue;
      std::cerr << "\ncompare_bench: " << system.name << ": " << complaint << "\n";
      return 1;
    }
  }
  std::cerr << "\n";
  std::cout << report(systems, plan.workloads, measured);
  for (const System& system : systems) std::cout << system.name << ": " << system.compared << "\n";
  std::cout << "Medians of " << plan.rounds << " rounds, each load warmed for " << fixed(plan.warm_s, 0)
            << " s. CPU-US: of all three servers for each operation; GEN-US: the "
            << "bench's own, not in it. OURS/ITS: ours by that of the row.\n";
  return 0;
}

/// Those of the list, a comma between two, or all that are installed if it is empty; nothing if there is a
/// name that nobody has. `missing`: whether one of the list is not installed.
std::optional<std::vector<System>> chosen(const std::string& list, bool& missing) {
  const std::vector<System> all{ours(), etcd(), zookeeper(), redis()};
  std::vector<std::string> names;
  std::istringstream words(list);
  for (std::string name; std::getline(words, name, ',');) names.push_back(name);
  if (list.empty())
    for (const System& system : all) names.push_back(system.name);
  std::vector<System> systems;
  for (const std::string& name : names) {
    const auto system = std::ranges::find(all, name, &System::name);
    if (system == all.end()) return std::nullopt;
    if (installed(*system)) {
      systems.push_back(*system);
      continue;
    }
    missing = missing || !list.empty();
    std::cout << name << " is left out: it is not installed; apt-get install " << system->package
              << std::endl;
  }
  return systems;
}

/// Those whose values have so many bytes; all if it is empty.
std::vector<Workload> workloads_of(const std::string& bytes) {
  std::vector<Workload> chosen;
  for (const Workload& one : all_workloads)
    if (bytes.empty() || bytes == std::to_string(one.bytes)) chosen.push_back(one);
  return chosen;
}

}  // namespace

}  // namespace nodedb::bench

int main(int count, char** words) {
  std::map<std::string, std::string> options{
      {"--systems", ""}, {"--rounds", "3"}, {"--seconds", "3"}, {"--warm", "8"}, {"--bytes", ""}};
  bool known = count % 2 == 1;
  for (int i = 1; i + 1 < count; i += 2) {
    known = known && options.contains(words[i]);
    options[words[i]] = words[i + 1];
  }
  const nodedb::bench::Plan plan{
      nodedb::bench::workloads_of(options["--bytes"]), std::atoi(options["--rounds"].c_str()),
      std::strtod(options["--warm"].c_str(), nullptr), std::strtod(options["--seconds"].c_str(), nullptr)};
  bool missing = false;
  const auto systems = nodedb::bench::chosen(options["--systems"], missing);
  if (!known || !systems || plan.workloads.empty() || plan.rounds < 1 || plan.seconds <= 0 ||
      plan.warm_s <= 0) {
    std::cerr << "usage: compare_bench [--systems ours,etcd,zookeeper,redis] [--rounds N] [--seconds S] "
                 "[--warm S] [--bytes 16|256|4096]\n";
    return 2;
  }
  if (missing) return nodedb::bench::not_installed;
  return nodedb::bench::run(*systems, plan);
}
