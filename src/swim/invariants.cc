// SPDX-License-Identifier: Apache-2.0
// What always holds between two events.
#include "base/limits.h"
#include "swim/state.h"

namespace nodedb::swim {

std::optional<std::string> Swim::State::broken_rule() const {
  if (members.contains(self)) return "a node watches itself";
  if (members.size() != round.order().size()) return "the round is not the members";
  for (const NodeId node : round.order()) {
    if (!members.contains(node)) return "the round has somebody who is no member";
  }
  for (const auto& [node, member] : members) {
    const bool suspected = member.standing == Standing::suspect && !leaving;
    if (suspected != member.suspicion.has_value())
      return "a suspicion's clock runs for suspects, and only then";
    if (member.suspicion && member.suspicion->witnesses().empty()) return "a suspicion without a witness";
  }
  if (probe && !members.contains(probe->target)) return "the probe is of nobody";
  if (errands.size() > limits::swim_errands_max) return "too many errands";
  if (rumours.size() > members.size() + 1) return "more than one piece of news about a member";
  if (health.ill() > options.ill_max) return "worse than worst";
  if (!leaving && !rumours.empty() && gossip_at == never) {
    for (const auto& [node, member] : members) {
      if (member.reachable()) return "news that nobody will be told";
    }
  }
  return std::nullopt;
}

}  // namespace nodedb::swim
