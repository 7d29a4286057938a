// SPDX-License-Identifier: Apache-2.0
// Runs tests/script/raft_*.txt and compares each transcript with the one that is kept in the file. With
// NODEDB_REWRITE set, the files are rewritten instead: read the difference before you commit it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/script/raft_script.h"

namespace nodedb::raft::script {
namespace {

std::filesystem::path folder() {
  return std::filesystem::path(NODEDB_SOURCE_DIR) / "tests" / "script";
}

std::vector<std::string> scripts() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(folder())) {
    const std::string name = file.path().stem().string();
    if (file.path().extension() == ".txt" && name.starts_with("raft_")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The script with fresh answers: comments and blocks as they are, each block's commands, "----", what they
/// caused, an empty line.
std::string replay(const std::string& script) {
  World world;
  std::istringstream in(script);
  std::string out;
  std::string answers;
  bool in_block = false;
  bool in_answers = false;
  const auto close = [&] {
    if (in_block) out += "----\n" + answers + "\n";
    answers.clear();
    in_block = in_answers = false;
  };
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) {
      if (in_block) {
        close();
      } else if (!out.ends_with("\n\n")) {
        out += "\n";
      }
    } else if (line == "----") {
      in_answers = true;
    } else if (!in_answers) {
      out += line + "\n";
      if (line.front() == '#') continue;
      in_block = true;
      answers += world.run(line);
    }
  }
  close();
  return out;
}

class RaftScript : public ::testing::TestWithParam<std::string> {};

TEST_P(RaftScript, GivesTheKeptTranscript) {
  const auto path = folder() / (GetParam() + ".txt");
  const std::string kept = read(path);
  const std::string fresh = replay(kept);
  if (std::getenv("NODEDB_REWRITE") != nullptr) {
    std::ofstream(path) << fresh;
    return;
  }
  EXPECT_EQ(fresh, kept);
}

INSTANTIATE_TEST_SUITE_P(Files, RaftScript, ::testing::ValuesIn(scripts()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace nodedb::raft::script
