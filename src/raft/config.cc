// SPDX-License-Identifier: Apache-2.0
#include "raft/config.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/limits.h"

namespace nodedb::raft {

namespace {

using Set = std::vector<NodeId>;

bool contains(const Set& set, NodeId node) {
  return std::ranges::binary_search(set, node);
}

void insert(Set& set, NodeId node) {
  const auto at = std::ranges::lower_bound(set, node);
  if (at == set.end() || *at != node) set.insert(at, node);
}

void erase(Set& set, NodeId node) {
  const auto at = std::ranges::lower_bound(set, node);
  if (at != set.end() && *at == node) set.erase(at);
}

bool disjoint(const Set& a, const Set& b) {
  return std::ranges::none_of(a, [&](NodeId node) { return contains(b, node); });
}

bool is_set(const Set& nodes) {
  const bool rising = std::ranges::adjacent_find(nodes, std::greater_equal<>()) == nodes.end();
  return rising && (nodes.empty() || nodes.front() != NodeId());
}

std::size_t difference_size(const Set& a, const Set& b) {
  Set different;
  std::ranges::set_symmetric_difference(a, b, std::back_inserter(different));
  return different.size();
}

void remove(Config& config, NodeId node) {
  erase(config.voters, node);
  erase(config.learners, node);
  erase(config.learners_next, node);
}

void add_voter(Config& config, NodeId node) {
  remove(config, node);
  insert(config.voters, node);
}

// Who still votes in the outgoing half cannot be a learner yet: it waits until the joint config is left.
void add_learner(Config& config, NodeId node) {
  remove(config, node);
  insert(contains(config.outgoing, node) ? config.learners_next : config.learners, node);
}

void change(Config& config, const Change& change) {
  if (change.node == NodeId()) return;
  switch (change.op) {
    case ChangeOp::add_voter:
      return add_voter(config, change.node);
    case ChangeOp::add_learner:
      return add_learner(config, change.node);
    case ChangeOp::remove:
      return remove(config, change.node);
  }
}

Result<Config> changed(Config config, const std::vector<Change>& changes) {
  for (const Change& each : changes) change(config, each);
  if (config.voters.empty()) return fail(Code::invalid_state, "the change would leave no voter");
  if (config.members().size() > limits::config_members_max) {
    return fail(Code::invalid_state, "the change would exceed the cap on members of a group");
  }
  return config;
}

}  // namespace

bool Config::is_voter(NodeId node) const {
  return contains(voters, node) || contains(outgoing, node);
}

bool Config::is_learner(NodeId node) const {
  return contains(learners, node);
}

std::vector<NodeId> Config::members() const {
  Set all;
  for (const Set* set : {&voters, &outgoing, &learners, &learners_next}) {
    all.insert(all.end(), set->begin(), set->end());
  }
  std::ranges::sort(all);
  const auto rest = std::ranges::unique(all);
  all.erase(rest.begin(), rest.end());
  return all;
}

bool well_formed(const Config& config) {
  const bool sets = is_set(config.voters) && is_set(config.outgoing) && is_set(config.learners) &&
                    is_set(config.learners_next);
  if (!sets) return false;
  if (!disjoint(config.learners, config.voters) || !disjoint(config.learners, config.outgoing)) return false;
  if (!disjoint(config.learners_next, config.voters)) return false;
  if (!std::ranges::includes(config.outgoing, config.learners_next)) return false;
  return config.joint() ? !config.voters.empty() : !config.auto_leave;
}

Result<Config> change_simple(const Config& from, const std::vector<Change>& changes) {
  if (from.joint()) return fail(Code::invalid_state, "a joint config must be left before a simple change");
  auto to = changed(from, changes);
  if (to && difference_size(from.voters, to->voters) > 1) {
    return fail(Code::invalid_state, "more than one voter differs: this needs a joint config");
  }
  return to;
}

Result<Config> enter_joint(const Config& from, bool auto_leave, const std::vector<Change>& changes) {
  if (from.joint()) return fail(Code::invalid_state, "the config is joint already");
  if (from.voters.empty()) return fail(Code::invalid_state, "a config without voters cannot become joint");
  Config to = from;
  to.outgoing = from.voters;
  to.auto_leave = auto_leave;
  return changed(std::move(to), changes);
}

Result<Config> leave_joint(const Config& from) {
  if (!from.joint()) return fail(Code::invalid_state, "the config is not joint");
  Config to{from.voters, {}, from.learners, {}, false};
  for (const NodeId node : from.learners_next) insert(to.learners, node);
  return to;
}

Result<Config> leave_joint_back(const Config& from) {
  if (!from.joint()) return fail(Code::invalid_state, "the config is not joint");
  return Config{from.outgoing, {}, from.learners, {}, false};
}

Result<void> check_step(const Config& from, const Config& to) {
  if (!well_formed(to)) return fail(Code::invalid_state, "the config contradicts itself");
  if (to.voters.empty()) return fail(Code::invalid_state, "the change would leave no voter");
  if (to.members().size() > limits::config_members_max) {
    return fail(Code::invalid_state, "the change would exceed the cap on members of a group");
  }
  if (from.joint()) {
    if (to == leave_joint(from) || to == leave_joint_back(from)) return {};
    return fail(Code::invalid_state, "a joint config can only be left, to either half");
  }
  if (to.joint()) {
    if (to.outgoing == from.voters) return {};
    return fail(Code::invalid_state, "the outgoing half must be the voters in force");
  }
  if (difference_size(from.voters, to.voters) > 1) {
    return fail(Code::invalid_state, "more than one voter differs: this needs a joint config");
  }
  return {};
}

// --- bytes: u8 version, u8 flags (bit 0: auto_leave), four u8 counts, then the four sets as u32 each ---

namespace {

constexpr char format_version = 1;
constexpr std::size_t header_bytes = 6;

void put_u32(Bytes& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

std::uint32_t get_u32(BytesView bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

}  // namespace

Bytes encode(const Config& config) {
  const std::array<const Set*, 4> sets{&config.voters, &config.outgoing, &config.learners,
                                       &config.learners_next};
  Bytes out{format_version, static_cast<char>(config.auto_leave ? 1 : 0)};
  for (const Set* set : sets) out.push_back(static_cast<char>(set->size()));
  for (const Set* set : sets) {
    for (const NodeId node : *set) put_u32(out, node.value);
  }
  return out;
}

Result<Config> decode_config(BytesView bytes) {
  if (bytes.size() < header_bytes) return fail(Code::malformed, "a config is cut short");
  if (bytes[0] != format_version) return fail(Code::malformed, "a config of an unknown version");
  if (bytes[1] != 0 && bytes[1] != 1) return fail(Code::malformed, "a config with unknown flags");
  Config config;
  config.auto_leave = bytes[1] == 1;
  const std::array<Set*, 4> sets{&config.voters, &config.outgoing, &config.learners, &config.learners_next};
  std::size_t at = header_bytes;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const std::size_t count = static_cast<unsigned char>(bytes[2 + i]);
    if (count > limits::config_members_max) return fail(Code::too_large, "a config with too many members");
    if (bytes.size() - at < count * 4) return fail(Code::malformed, "a config is cut short");
    for (std::size_t n = 0; n < count; ++n, at += 4) sets[i]->push_back(NodeId(get_u32(bytes, at)));
  }
  if (at != bytes.size()) return fail(Code::malformed, "a config with trailing bytes");
  if (!well_formed(config)) return fail(Code::malformed, "a config that contradicts itself");
  if (config.members().size() > limits::config_members_max) {
    return fail(Code::too_large, "a config with too many members");
  }
  return config;
}

}  // namespace nodedb::raft
