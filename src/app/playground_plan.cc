// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "app/free_port.h"
#include "app/playground.h"
#include "app/random.h"
#include "edge/disk/files.h"
#include "edge/tls/certificates.h"

namespace nodedb::app {

namespace {

constexpr std::size_t plan_bytes_max = 64 * 1024;

Result<void> choose_ports(PlaygroundPlan& plan, std::int64_t base_port) {
  std::vector<FreePort> held;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    auto& node = plan.nodes[i];
    if (base_port > 0) {
      node.quic = static_cast<std::uint16_t>(base_port + 3 * static_cast<std::int64_t>(i));
      node.redis = static_cast<std::uint16_t>(node.quic + 1);
      node.http = static_cast<std::uint16_t>(node.quic + 2);
      continue;
    }
    for (std::uint16_t* port : {&node.quic, &node.redis, &node.http}) {
      auto drawn = FreePort::draw();
      if (!drawn) return fail(drawn.error().code, drawn.error().detail + "; name some with --base-port");
      *port = drawn->number();
      held.push_back(std::move(*drawn));
    }
  }
  return {};
}

Result<void> make_certificates(PlaygroundPlan& plan) {
  const std::string ca = plan.directory + "/ca";
  if (auto made = tls::create_ca(ca, random_uuid()); !made) return made;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const Uuid uuid = random_uuid();
    plan.nodes[i].uuid = uuid.text();
    tls::NodeRequest request;
    request.node = uuid;
    request.hosts = {"localhost", "127.0.0.1"};
    if (auto made = tls::issue_node(ca, plan.node_directory(i) + "/certs", request); !made) return made;
  }
  tls::ClientRequest operator_request;
  operator_request.name = "playground";
  return tls::issue_client(ca, plan.operator_directory(), operator_request);
}

Bytes plan_text(const PlaygroundPlan& plan) {
  Json nodes = Json::array();
  for (const PlaygroundPlan::Node& node : plan.nodes) {
    Json one = Json::object();
    one.set("uuid", node.uuid)
        .set("quic", std::int64_t{node.quic})
        .set("redis", std::int64_t{node.redis})
        .set("http", std::int64_t{node.http});
    nodes.push(std::move(one));
  }
  Json body = Json::object();
  body.set("version", 1).set("founders", plan.founders).set("nodes", std::move(nodes));
  return body.pretty() + "\n";
}

Result<PlaygroundPlan> read_plan(const std::string& directory, BytesView text) {
  const auto body = Json::parse(text);
  if (!body || (*body)["version"].number() != 1 || (*body)["nodes"].items().empty())
    return fail(Code::damaged, directory + "/playground.json is not readable; use another --dir");
  PlaygroundPlan plan;
  plan.directory = directory;
  for (const Json& node : (*body)["nodes"].items())
    plan.nodes.push_back({node["uuid"].text(), static_cast<std::uint16_t>(node["quic"].number()),
                          static_cast<std::uint16_t>(node["redis"].number()),
                          static_cast<std::uint16_t>(node["http"].number())});
  const auto everybody = static_cast<std::int64_t>(plan.nodes.size());
  plan.founders =
      static_cast<std::size_t>(std::clamp<std::int64_t>((*body)["founders"].number(everybody), 1, everybody));
  return plan;
}

std::string own_path() {
  std::error_code ignored;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return path.empty() ? "nodedb-cluster" : path.string();
}

}  // namespace

std::string PlaygroundPlan::node_directory(std::size_t index) const {
  return directory + "/node-" + std::to_string(index + 1);
}

std::vector<std::string> PlaygroundPlan::start(std::size_t index, bool trace) const {
  const std::string home = node_directory(index);
  std::vector<std::string> line = {own_path(), "start", "--data", home + "/data", "--certs", home + "/certs"};
  line.insert(line.end(), {"--listen", address(nodes[index].quic), "--client", address(nodes[index].redis)});
  line.insert(line.end(), {"--http", address(nodes[index].http)});
  for (std::size_t i = 0; i < founders; ++i) line.insert(line.end(), {"--seed", address(nodes[i].quic)});
  // One machine plays them all: each founder may sign for newcomers.
  if (index < founders) line.insert(line.end(), {"--ca-key", directory + "/ca/ca.key"});
  if (trace) line.insert(line.end(), {"--trace", home + "/trace.jsonl"});
  const std::string factor = founders >= 3 ? "3" : "1";
  line.insert(line.end(), {"--replication-factor", factor});
  return line;
}

Result<PlaygroundPlan> plan_playground(const PlaygroundArguments& arguments) {
  if (arguments.nodes < 1 || arguments.nodes > 9)
    return fail(Code::malformed, "--nodes: must be from 1 to 9");
  if (arguments.join < 0 || arguments.join > 9) return fail(Code::malformed, "--join: must be from 0 to 9");
  if (arguments.base_port != 0 && (arguments.base_port < 1024 || arguments.base_port > 65'000))
    return fail(Code::malformed, "--base-port: must be from 1024 to 65000");
  if (auto made = edge::make_directory(arguments.directory); !made) return std::unexpected(made.error());
  std::error_code problem;
  const std::string directory = std::filesystem::canonical(arguments.directory, problem).string();
  if (problem) return fail(Code::not_found, arguments.directory + ": " + problem.message());

  const auto stored = edge::read_file(directory + "/playground.json", plan_bytes_max);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) {
    auto plan = read_plan(directory, **stored);
    if (!plan) return plan;
    const auto founders = static_cast<std::size_t>(arguments.nodes);
    const auto joiners = static_cast<std::size_t>(arguments.join);
    if (plan->founders == founders && plan->nodes.size() == founders + joiners) return plan;
    const std::size_t joined = plan->nodes.size() - plan->founders;
    return fail(Code::conflict, directory + " holds a playground of " + std::to_string(plan->nodes.size()) +
                                    " nodes; give --nodes " + std::to_string(plan->founders) +
                                    (joined > 0 ? " --join " + std::to_string(joined) : "") +
                                    " or another --dir");
  }
  PlaygroundPlan plan;
  plan.directory = directory;
  plan.founders = static_cast<std::size_t>(arguments.nodes);
  plan.nodes.resize(plan.founders + static_cast<std::size_t>(arguments.join));
  if (auto chosen = choose_ports(plan, arguments.base_port); !chosen) return std::unexpected(chosen.error());
  if (auto made = make_certificates(plan); !made) return std::unexpected(made.error());
  // Last: a plan that stands is complete.
  if (auto written = edge::write_file_durably(directory, "playground.json", plan_text(plan)); !written)
    return std::unexpected(written.error());
  return plan;
}

}  // namespace nodedb::app
