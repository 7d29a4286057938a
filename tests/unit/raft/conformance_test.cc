// SPDX-License-Identifier: Apache-2.0
// Quorum and membership maths against etcd-io/raft's own test data, which lies outside the project. Only
// result lines are compared: committed index, vote result, voter and learner sets, refusal.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>

#include "raft/quorum.h"

namespace nodedb::raft {
namespace {

std::filesystem::path data_folder() {
  const char* given = std::getenv("NODEDB_CONFORMANCE");
  const std::filesystem::path root =
      given != nullptr ? std::filesystem::path(given)
                       : std::filesystem::path(NODEDB_SOURCE_DIR) / ".." / "shared" / "conformance";
  return root / "etcd-raft";
}

struct Case {
  std::string where;
  std::string command;  ///< the first line
  std::vector<std::string> input;
  std::vector<std::string> output;
};

/// Commands, then "----", then the expected output up to an empty line. Comments start with '#'.
std::vector<Case> load(const std::filesystem::path& file) {
  std::vector<Case> cases;
  std::ifstream in(file);
  enum class Part { between, input, output } part = Part::between;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (part == Part::output) {
      if (line.empty()) {
        part = Part::between;
      } else {
        cases.back().output.push_back(line);
      }
    } else if (line == "----") {
      part = Part::output;
    } else if (!line.empty() && line.front() != '#') {
      if (part == Part::between) {
        cases.push_back(Case{file.filename().string() + ":" + std::to_string(number), line, {}, {}});
      } else {
        cases.back().input.push_back(line);
      }
      part = Part::input;
    }
  }
  return cases;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

/// The list after `key=(`, split at commas; nothing if the key is absent. `zero` gives an empty list.
std::optional<std::vector<std::string>> list(const std::string& command, const std::string& key) {
  const auto at = command.find(" " + key + "=");
  if (at == std::string::npos) return std::nullopt;
  const auto value = at + key.size() + 2;
  if (command.compare(value, 4, "zero") == 0) return std::vector<std::string>{};
  const auto end = command.find(')', value);
  std::string inside = command.substr(value + 1, end - value - 1);
  std::replace(inside.begin(), inside.end(), ',', ' ');
  return words(inside);
}

NodeId node(const std::string& text) {
  return NodeId(static_cast<std::uint32_t>(std::stoul(text)));
}

std::vector<NodeId> nodes(const std::vector<std::string>& texts) {
  std::vector<NodeId> out;
  for (const auto& text : texts) out.push_back(node(text));
  std::sort(out.begin(), out.end());
  return out;
}

/// Values belong to voters in the order in which they are first named: first cfg, then cfgj.
std::map<NodeId, std::string> by_voter(const std::string& command, const std::string& key) {
  std::vector<std::string> order = list(command, "cfg").value_or(std::vector<std::string>{});
  for (const auto& voter : list(command, "cfgj").value_or(std::vector<std::string>{})) {
    if (std::find(order.begin(), order.end(), voter) == order.end()) order.push_back(voter);
  }
  const auto values = list(command, key).value_or(std::vector<std::string>{});
  EXPECT_EQ(values.size(), order.size()) << command;
  std::map<NodeId, std::string> out;
  for (std::size_t i = 0; i < std::min(order.size(), values.size()); ++i) out[node(order[i])] = values[i];
  return out;
}

std::string answer(const std::string& command) {
  Config config;
  config.voters = nodes(list(command, "cfg").value_or(std::vector<std::string>{}));
  config.outgoing = nodes(list(command, "cfgj").value_or(std::vector<std::string>{}));
  if (command.starts_with("committed")) {
    const auto values = by_voter(command, "idx");
    const auto reached = joint_value(config, [&](NodeId n) {
      const std::string& value = values.at(n);
      return value == "_" ? 0 : std::stoll(value);
    });
    return reached == std::numeric_limits<std::int64_t>::max() ? "∞" : std::to_string(reached);
  }
  const auto votes = by_voter(command, "votes");
  const auto result = joint_vote(config, [&](NodeId n) {
    const std::string& vote = votes.at(n);
    return vote == "y" ? Ballot::granted : vote == "n" ? Ballot::rejected : Ballot::missing;
  });
  switch (result) {
    case VoteResult::won:
      return "VoteWon";
    case VoteResult::lost:
      return "VoteLost";
    case VoteResult::pending:
      return "VotePending";
  }
  return "";
}

TEST(Conformance, Quorum) {
  const auto folder = data_folder() / "quorum";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no conformance data at " << folder;
  int ran = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    for (const Case& each : load(file.path())) {
      ASSERT_FALSE(each.output.empty()) << each.where;
      std::string expected = each.output.back();
      if (expected.ends_with("∞")) expected = "∞";
      EXPECT_EQ(answer(each.command), expected) << each.where << ": " << each.command;
      ++ran;
    }
  }
  std::cout << "ran " << ran << " quorum cases\n";
  EXPECT_EQ(ran, 127);
}

std::string set_text(const std::vector<NodeId>& set) {
  std::string out;
  for (const NodeId member : set) out += (out.empty() ? "" : " ") + std::to_string(member.value);
  return "(" + out + ")";
}

std::string config_text(const Config& config) {
  std::string out = "voters=" + set_text(config.voters);
  if (config.joint()) out += "&&" + set_text(config.outgoing);
  if (!config.learners.empty()) out += " learners=" + set_text(config.learners);
  if (!config.learners_next.empty()) out += " learners_next=" + set_text(config.learners_next);
  if (config.auto_leave) out += " autoleave";
  return out;
}

/// `u` (update) changes nothing about membership and has no counterpart here.
std::vector<Change> parse_changes(const std::vector<std::string>& lines) {
  std::vector<Change> out;
  for (const auto& line : lines) {
    for (const auto& word : words(line)) {
      if (word.front() == 'u') continue;
      const ChangeOp op = word.front() == 'v'   ? ChangeOp::add_voter
                          : word.front() == 'l' ? ChangeOp::add_learner
                                                : ChangeOp::remove;
      out.push_back(Change{op, node(word.substr(1))});
    }
  }
  return out;
}

Result<Config> change(const Config& from, const Case& each) {
  const auto changes = parse_changes(each.input);
  if (each.command.starts_with("simple")) return change_simple(from, changes);
  if (each.command.starts_with("leave-joint")) return leave_joint(from);
  return enter_joint(from, each.command.find("autoleave=true") != std::string::npos, changes);
}

TEST(Conformance, ConfigChange) {
  const auto folder = data_folder() / "confchange";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no conformance data at " << folder;
  int ran = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    Config config;
    for (const Case& each : load(file.path())) {
      ASSERT_FALSE(each.output.empty()) << each.where;
      const auto next = change(config, each);
      const std::string& expected = each.output.front();
      if (!expected.starts_with("voters=")) {
        ASSERT_FALSE(next.has_value()) << each.where << ": " << expected;
        EXPECT_EQ(next.error().code, Code::invalid_state);
      } else {
        ASSERT_TRUE(next.has_value()) << each.where << ": " << next.error().detail;
        EXPECT_EQ(config_text(*next), expected) << each.where;
        EXPECT_TRUE(well_formed(*next)) << each.where;
        EXPECT_EQ(decode_config(encode(*next)), *next) << each.where;
        EXPECT_TRUE(config.voters.empty() || check_step(config, *next)) << each.where;
        config = *next;
      }
      ++ran;
    }
  }
  std::cout << "ran " << ran << " config-change cases\n";
  EXPECT_EQ(ran, 58);
}

}  // namespace
}  // namespace nodedb::raft
