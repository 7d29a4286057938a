// SPDX-License-Identifier: Apache-2.0
#include "app/joining.h"

#include <filesystem>

#include "base/units.h"
#include "edge/base/log.h"
#include "edge/quic/join_client.h"

namespace nodedb::app {

Result<void> join_cluster(Config& config) {
  if (config.join.empty()) return {};
  if (config.certs.empty()) config.certs = config.data + "/certs";
  // NODEDB_CERTS is what operators' commands look at, too.
  if (std::filesystem::exists(config.certs + "/client.crt")) {
    return fail(Code::invalid_state, config.certs +
                                         " holds an operator's certificate: give the new node a "
                                         "directory of its own, as in --certs DIR");
  }
  auto plan = quic::parse_join_target(config.join);
  if (!plan) return std::unexpected(plan.error());
  plan->directory = config.certs;
  plan->name = config.name;
  const auto at = parse_host_port(config.advertise.empty() ? config.listen : config.advertise);
  if (!at) return std::unexpected(at.error());
  plan->hosts = {at->host};
  const auto joined = quic::join_by_token(*plan);
  if (!joined) return std::unexpected(joined.error());
  if (!joined->already)
    log::info("the cluster has let this node in",
              {{"node", joined->node.text()}, {"cluster", joined->cluster.text()}});
  config.seeds = joined->members;
  return {};
}

}  // namespace nodedb::app
