// SPDX-License-Identifier: Apache-2.0
#include "bench/support/nodes.h"

#include <unistd.h>

#include <cstdio>

#include "app/config_sources.h"
#include "app/operator_calls.h"
#include "edge/base/machine.h"

namespace nodedb::bench {

namespace {

constexpr std::int64_t answer_ns_max = 5 * ns_per_s;
constexpr int healthy_s_max = 60;

app::Operator operator_of(const e2e::Cluster& cluster, std::size_t index) {
  return {cluster.operator_certs(), cluster.nodes()[index].quic, answer_ns_max};
}

}  // namespace

std::optional<e2e::Cluster> healthy_cluster(const char* bench, const std::string& directory,
                                            const std::vector<std::string>& more) {
  std::string complaint;
  auto cluster = e2e::Cluster::start(directory, 3, complaint, more);
  if (cluster && cluster->wait_healthy(healthy_s_max)) return cluster;
  std::fprintf(stderr, "%s: no cluster: %s\n", bench, complaint.c_str());
  return std::nullopt;
}

app::Config configuration() {
  const auto settings = app::settings_of_environment(::environ);
  app::Config config = app::configure(settings).config;
  if (config.memory_budget == 0)
    config.memory_budget = app::MemoryBudget::of_machine(edge::machine_memory_bytes());
  return config;
}

std::vector<int> ports_without(const e2e::Cluster& cluster, std::size_t left_out) {
  std::vector<int> ports;
  for (std::size_t i = 0; i < cluster.nodes().size(); ++i)
    if (i != left_out && cluster.nodes()[i].pid != 0) ports.push_back(cluster.nodes()[i].redis_port);
  return ports;
}

std::vector<int> ports_of(const e2e::Cluster& cluster) {
  return ports_without(cluster, cluster.nodes().size());
}

std::vector<VShardId> led_by(const e2e::Cluster& cluster, std::size_t index) {
  std::vector<VShardId> led;
  const auto status = app::ask(operator_of(cluster, index), app::AskStatus{{.groups = true}});
  if (!status) return led;
  for (const app::Json& group : (*status)["groups"].items()) {
    const std::int64_t number = group["group"].number();
    if (number > 0 && group["role"].text() == "leader")
      led.push_back(vshard_of(GroupId(static_cast<std::uint32_t>(number))));
  }
  return led;
}

std::optional<std::size_t> leader_of(const e2e::Cluster& cluster, VShardId vshard) {
  std::size_t asked = 0;
  while (asked < cluster.nodes().size() && cluster.nodes()[asked].pid == 0) ++asked;
  if (asked == cluster.nodes().size()) return std::nullopt;
  const auto status = app::ask(operator_of(cluster, asked), app::AskStatus{{.group = group_of(vshard)}});
  if (!status || (*status)["groups"].items().empty()) return std::nullopt;
  const std::int64_t leader = (*status)["groups"].items().front()["leader"].number();
  for (std::size_t i = 0; i < cluster.nodes().size(); ++i)
    if (cluster.nodes()[i].id == leader) return i;
  return std::nullopt;
}

bool hand_over(const e2e::Cluster& cluster, VShardId vshard, std::size_t leader, std::size_t to) {
  const NodeId target(static_cast<std::uint32_t>(cluster.nodes()[to].id));
  return app::ask(operator_of(cluster, leader), app::AskTransfer{group_of(vshard), target}).has_value();
}

}  // namespace nodedb::bench
