// SPDX-License-Identifier: Apache-2.0
// The tally on a real node, with completions on this thread.
#include <nodedb/cluster/completions.h>
#include <nodedb/cluster/credentials.h>
#include <nodedb/cluster/local_cluster.h>

#include <cstdio>

#include "tally.h"

int main() {
  nodedb::log_to_stderr(nodedb::LogLevel::warn);
  if (nodedb::NodeOptions().validate().empty()) return 1;
  nodedb::LocalClusterOptions options;
  options.nodes = 1;
  auto cluster = nodedb::LocalCluster::start(std::make_shared<Tally>(), options);
  if (!cluster) return std::fprintf(stderr, "%s\n", cluster.error().detail.c_str()), 1;
  nodedb::Node& node = (*cluster)->node(0);
  for (int i = 0; i < 3; ++i)
    if (!node.propose("book", "whale").get()) return 1;
  const auto refused = node.propose("book", "").get();
  const auto said = node.read("book", "whale").get();
  if (refused || !said) return 1;
  std::printf("%s, then %s, %s effect\n", said->reply.c_str(),
              nodedb::Bytes(name(refused.error().code)).c_str(),
              effect(refused.error().code) == nodedb::Effect::no ? "no" : "some");
}
