// SPDX-License-Identifier: Apache-2.0
// The Redis port over a store in memory, in one process on the loopback: to point redis-cli, redis-benchmark
// and Redis's own test suite at. Not installed. Usage: resp_fake_server [PORT [PASSWORD [CERTIFICATE KEY]]]

#include <asio.hpp>
#include <cstdio>
#include <cstdlib>

#include "edge/resp/server.h"
#include "tests/edge/resp/loop_backend.h"

namespace {

/// A cluster of one, so that cluster-aware tools find their way.
std::shared_ptr<const nodedb::node::Routing> alone(std::uint16_t port) {
  auto routing = std::make_shared<nodedb::node::Routing>();
  routing->self = nodedb::NodeId(1);
  nodedb::meta::Member& member = routing->members.emplace_back();
  member.id = routing->self;
  member.client_address = "127.0.0.1:" + std::to_string(port);
  member.address = member.client_address;
  routing->routes.assign(nodedb::vshard_count,
                         {.leader = routing->self, .epoch = nodedb::Epoch(1), .replicas = {routing->self}});
  routing->cluster.replication_factor = 1;
  return routing;
}

}  // namespace

int main(int argc, char** argv) {
  nodedb::resp::Options options;
  options.address = std::string("127.0.0.1:") + (argc > 1 ? argv[1] : "0");
  if (argc > 2) options.password = argv[2];
  if (argc > 4) {
    options.certificate_file = argv[3];
    options.key_file = argv[4];
  }
  asio::io_context loop;
  nodedb::resp::test::LoopBackend backend(loop);
  auto server = nodedb::resp::Server::open(loop, options, backend, nodedb::Rng(1));
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().detail.c_str());
    return EXIT_FAILURE;
  }
  backend.server = server->get();
  (*server)->set_routing(alone((*server)->port()));
  std::printf("127.0.0.1:%u\n", unsigned{(*server)->port()});
  std::fflush(stdout);
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](std::error_code, int) { loop.stop(); });
  loop.run();
  return EXIT_SUCCESS;
}
