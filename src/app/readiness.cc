// SPDX-License-Identifier: Apache-2.0
#include "app/readiness.h"

#include <algorithm>

namespace nodedb::app {

namespace {

/// By an operator: it leads nothing that another node can lead.
bool told_to_drain(const node::Status& status) {
  using meta::MemberState;
  return std::ranges::any_of(status.members, [&](const node::MemberStatus& one) {
    return one.member.id == status.id &&
           (one.member.state == MemberState::draining || one.member.state == MemberState::leaving);
  });
}

}  // namespace

std::vector<ReadyCheck> ready_checks(const node::Status& status) {
  std::vector<ReadyCheck> checks;
  const auto check = [&](std::string_view name, bool passed, std::string why_not) {
    checks.push_back({name, passed ? std::string() : std::move(why_not)});
  };
  check("formed", status.cluster.has_value(), "it belongs to no cluster yet: nodedb-cluster init, or --join");
  check("metadata", status.in_touch, "the leader of the metadata group is not heard");
  check("halted", status.halted.empty(),
        status.halted.empty()
            ? ""
            : std::to_string(status.halted.size()) + " groups have stopped: " + status.halted.front().why);
  check("disk", !status.disk_full, "the disk is full: writes wait for room");
  check("draining", !status.draining && !told_to_drain(status),
        status.draining ? "it hands its leaderships over to stop" : "an operator drains it");
  return checks;
}

bool all_pass(const std::vector<ReadyCheck>& checks) {
  return std::ranges::all_of(checks, [](const ReadyCheck& check) { return check.why_not.empty(); });
}

Bytes readiness_text(const std::vector<ReadyCheck>& checks, bool verbose) {
  Bytes text;
  for (const ReadyCheck& check : checks) {
    const bool passed = check.why_not.empty();
    if (passed && !verbose) continue;
    text.append(passed ? "[+] " : "[-] ").append(check.name);
    text.append(passed ? " ok\n" : ": " + check.why_not + "\n");
  }
  return text + (all_pass(checks) ? "ready\n" : "not ready\n");
}

}  // namespace nodedb::app
