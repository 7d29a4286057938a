// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/dial_plan.h"

#include <algorithm>

namespace nodedb::quic {
namespace {

constexpr std::int64_t courtesy_ns = 50 * ns_per_ms;

}  // namespace

std::int64_t DialPlan::first_wait(const Uuid& node) {
  return node < self_ ? courtesy_ns + rng_.between(0, courtesy_ns) : 0;
}

void DialPlan::set_peers(const std::vector<PeerAddress>& peers, std::int64_t now_ns) {
  std::map<std::string, Uuid> wanted;
  for (const auto& peer : peers) {
    if (peer.node != self_ && !peer.address.empty()) wanted[peer.address] = peer.node;
  }
  for (auto& [address, target] : targets_) {
    if (!wanted.contains(address)) target.expected.reset();
  }
  std::erase_if(targets_, [](const auto& entry) { return !entry.second.expected && !entry.second.seed; });
  for (const auto& [address, node] : wanted) {
    auto [at, fresh] = targets_.try_emplace(address);
    auto& target = at->second;
    if (target.expected == node) continue;
    target.expected = node;
    target.self = false;
    target.wait_ns = 0;
    target.due_ns = now_ns + first_wait(node);
  }
}

void DialPlan::set_seeds(const std::vector<std::string>& seeds, std::int64_t now_ns) {
  for (auto& [address, target] : targets_) target.seed = std::ranges::find(seeds, address) != seeds.end();
  std::erase_if(targets_, [](const auto& entry) { return !entry.second.expected && !entry.second.seed; });
  for (const auto& address : seeds) {
    auto [at, fresh] = targets_.try_emplace(address);
    at->second.seed = true;
    if (fresh) at->second.due_ns = now_ns;
  }
}

bool DialPlan::rests(const Target& target, const Connected& connected) {
  if (target.busy || target.self) return true;
  if (target.expected) return connected(*target.expected);
  return target.learned && connected(*target.learned);
}

std::vector<DialPlan::Due> DialPlan::take_due(std::int64_t now_ns, const Connected& connected) {
  std::vector<Due> due;
  for (auto& [address, target] : targets_) {
    if (rests(target, connected) || target.due_ns > now_ns) continue;
    target.busy = true;
    due.push_back({address, target.expected});
  }
  return due;
}

std::int64_t DialPlan::next_ns(const Connected& connected) const {
  std::int64_t next = never.ns;
  for (const auto& [address, target] : targets_) {
    if (!rests(target, connected)) next = std::min(next, target.due_ns);
  }
  return next;
}

void DialPlan::opened(const std::string& address, const Uuid& node) {
  const auto at = targets_.find(address);
  if (at == targets_.end()) return;
  at->second.busy = false;
  at->second.learned = node;
  at->second.wait_ns = 0;
  at->second.last_reason.clear();
}

bool DialPlan::failed(const std::string& address, const std::string& reason, std::int64_t now_ns) {
  const auto at = targets_.find(address);
  if (at == targets_.end()) return false;
  auto& target = at->second;
  target.busy = false;
  target.wait_ns = std::clamp(target.wait_ns * 2, limits_.wait_min_ns, limits_.wait_max_ns);
  // Half to all of the wait: nodes that lost each other at one instant do not come back at one instant.
  target.due_ns = now_ns + rng_.between(target.wait_ns / 2, target.wait_ns);
  const bool news = target.last_reason != reason;
  target.last_reason = reason;
  return news;
}

void DialPlan::found_self(const std::string& address) {
  const auto at = targets_.find(address);
  if (at == targets_.end()) return;
  at->second.busy = false;
  at->second.self = true;
}

void DialPlan::lost(const Uuid& node, std::int64_t now_ns) {
  for (auto& [address, target] : targets_) {
    if (target.expected != node && target.learned != node) continue;
    target.wait_ns = 0;
    target.due_ns = now_ns + first_wait(node) + rng_.between(0, limits_.wait_min_ns / 2);
  }
}

}  // namespace nodedb::quic
