// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/redis.h"

#include "load/redis_protocol.h"

namespace nodedb::bench {

namespace {

constexpr int replicas = 2;

MakeProtocol protocol(const LoadOptions& options) {
  return load::redis_protocol({.keys = load::keys_of(options),
                               .value_bytes = options.value_bytes,
                               .replicas = options.operation == Operation::set ? replicas : 0});
}

std::unique_ptr<Servers> start(const std::string& directory, std::string& complaint) {
  auto programs = std::make_unique<Programs>(directory);
  const std::string primary = std::to_string(e2e::free_port());
  programs->serve_at(std::stoi(primary));
  const auto run = [&](const std::string& name, const std::string& port, std::vector<std::string> more) {
    std::vector<std::string> line{"redis-server",
                                  "--port",
                                  port,
                                  "--bind",
                                  "127.0.0.1",
                                  "--dir",
                                  programs->directory_of(name),
                                  "--save",
                                  "",
                                  "--appendonly",
                                  "yes",
                                  "--appendfsync",
                                  "always"};
    line.insert(line.end(), more.begin(), more.end());
    programs->run(name, std::move(line));
  };
  run("primary", primary, {"--repl-diskless-sync-delay", "0"});
  for (int i = 1; i <= replicas; ++i)
    run("replica" + std::to_string(i), std::to_string(e2e::free_port()),
        {"--replicaof", "127.0.0.1", primary});
  return once_they_serve(std::move(programs), protocol({}), complaint);
}

}  // namespace

System redis() {
  return {
      "redis",
      "redis-server",
      "redis-server",
      "SETs and one WAIT 2 for each batch on a connection: on all three disks when it is answered, but no "
      "consensus: a failover can lose it; GET at the primary, not linearizable across a failover. No TLS.",
      start,
      protocol};
}

}  // namespace nodedb::bench
