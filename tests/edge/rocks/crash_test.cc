// SPDX-License-Identifier: Apache-2.0

// Kills a process that works on the state store, again and again, and looks at what is left. The child is
// this program, started again with a filter for the "child" tests below: RocksDB's threads do not survive a
// fork. It tells through a pipe what was acknowledged. Power cuts lose what was not synced; kills lose
// nothing but come at any instant.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "edge/rocks/state_store.h"
#include "tests/edge/disk/temporary_directory.h"
#include "tests/edge/rocks/faulty_file_system.h"
#include "tests/edge/rocks/state_model.h"

extern char** environ;

namespace nodedb::edge {
namespace {

constexpr int steps_max = 4'000;
constexpr const char* plan_variable = "NODEDB_CRASH_PLAN";

struct Plan {
  std::string directory;
  std::uint64_t seed = 0;
  std::uint64_t power_cut_at = Faults::never;
  int acknowledgements = -1;  ///< file descriptor

  std::string text() const {
    return directory + " " + std::to_string(seed) + " " + std::to_string(power_cut_at) + " " +
           std::to_string(acknowledgements);
  }
  static Plan from_environment() {
    Plan plan;
    const char* text = std::getenv(plan_variable);
    if (text == nullptr) return plan;
    std::istringstream in(text);
    in >> plan.directory >> plan.seed >> plan.power_cut_at >> plan.acknowledgements;
    return plan;
  }
};

StateStoreOptions state_options(const std::string& directory, rocksdb::Env* env) {
  StateStoreOptions options;
  options.directory = directory;
  options.block_cache_bytes = 1u << 20;
  options.write_buffer_bytes = 64 * 1024;
  options.kept_back_bytes = 8 * 1024;
  options.kept_back_group_bytes = 4 * 1024;
  options.row_cache_bytes = 40'000;
  options.table_bytes_min = 600;
  options.staged_bytes = 3'000;
  options.env = env;
  return options;
}

/// What the child tells after a step.
struct Acknowledgement {
  std::uint32_t step = 0;
  /// If it was a flush of all: up to which index each of the groups of the model is durable; all of it if
  /// the flush did not leave it behind.
  std::array<Index, std::size(StateModel::groups)> durable{};
};
constexpr Index everything{std::numeric_limits<std::uint64_t>::max()};

struct Ended {
  std::vector<Acknowledgement> steps;  ///< of this life, from the first on
  bool finished = false;

  std::uint32_t acknowledged() const { return static_cast<std::uint32_t>(steps.size()); }
};

/// Runs the child test `name` until the plan's power cut, or until it has acknowledged `kill_after` steps.
Ended run_child(const std::string& name, Plan plan, std::uint32_t kill_after) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  plan.acknowledgements = ends[1];
  const std::string variable = std::string(plan_variable) + "=" + plan.text();
  const std::string filter = "--gtest_filter=CrashChild.DISABLED_" + name;
  std::vector<char*> environment;
  for (char** at = environ; *at != nullptr; ++at) environment.push_back(*at);
  environment.push_back(const_cast<char*>(variable.c_str()));
  environment.push_back(nullptr);
  const char* arguments[] = {"/proc/self/exe", filter.c_str(), "--gtest_also_run_disabled_tests",
                             "--gtest_brief=1", nullptr};
  const pid_t child = ::fork();
  if (child == 0) {
    ::execve(arguments[0], const_cast<char**>(arguments), environment.data());
    ::_exit(99);
  }
  ::close(ends[1]);
  Ended ended;
  Acknowledgement said;
  while (::read(ends[0], &said, sizeof(said)) == static_cast<ssize_t>(sizeof(said))) {
    ended.steps.push_back(said);
    EXPECT_EQ(said.step, ended.acknowledged());
    if (said.step == kill_after) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  const bool cut = WIFEXITED(status) && WEXITSTATUS(status) == power_cut_exit;
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  ended.finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  EXPECT_TRUE(cut || killed || ended.finished) << "the child failed by itself: " << status;
  return ended;
}

void acknowledge(const Plan& plan, const Acknowledgement& said) {
  if (::write(plan.acknowledgements, &said, sizeof(said)) != sizeof(said)) ::_exit(98);
}

/// The steps of one life follow from its seed and from what was there at its beginning.
TEST(CrashChild, DISABLED_state) {
  const Plan plan = Plan::from_environment();
  if (plan.directory.empty()) GTEST_SKIP() << "is started by the crash tests";
  FaultyEnvironment faulty;
  faulty.faults.seed = plan.seed;
  faulty.faults.power_cut_at = plan.power_cut_at;
  auto store = open_state_store(state_options(plan.directory, faulty.env.get()));
  ASSERT_TRUE(store) << store.error().detail;
  StateModel model;
  auto before = content_of(**store);
  ASSERT_TRUE(before) << before.error().detail;
  model.restart(std::move(*before));
  Rng rng(plan.seed);
  for (std::uint32_t i = 1; i <= steps_max; ++i) {
    const StateStep step = model.random_step(rng);
    model.apply(step);
    const auto behind = carry_out(**store, step);
    ASSERT_TRUE(behind) << behind.error().detail;
    Acknowledgement said{i, {}};
    for (std::size_t k = 0; k < said.durable.size(); ++k) {
      const auto lies = std::ranges::find(*behind, StateModel::groups[k], &node::LiesBehind::group);
      said.durable[k] = lies == behind->end() ? everything : lies->durable;
    }
    acknowledge(plan, said);
  }
}

enum class How { power_cut, kill };

/// How a life ends: at some file operation, or at the sight of some acknowledgement.
struct Death {
  std::uint64_t power_cut_at = Faults::never;
  std::uint32_t kill_after = 0;
};
Death draw(How how, Rng& luck) {
  if (how == How::kill) return {Faults::never, static_cast<std::uint32_t>(1 + luck.below(250))};
  return {1 + luck.below(luck.chance(0.5) ? 60 : 900), 0};
}

int lives() {
  const char* wanted = std::getenv("NODEDB_CRASH_LIVES");
  return wanted == nullptr ? 8 : std::atoi(wanted);
}

/// By group: the last step after which what it made of the group is durable.
std::map<GroupId, std::uint32_t> durable_floors(const StateContent& before, std::uint64_t seed,
                                                const std::vector<Acknowledgement>& steps) {
  StateModel model;
  model.restart(before);
  Rng rng(seed);
  std::map<GroupId, std::uint32_t> floors;
  std::map<GroupId, std::map<Index, std::uint32_t>> made;  ///< the last step that left the group at an index
  for (const Acknowledgement& said : steps) {
    const StateStep step = model.random_step(rng);
    model.apply(step);
    for (const auto& [group, content] : model.content()) made[group][content.state.applied.index] = said.step;
    const auto* flush = std::get_if<FlushStep>(&step);
    if (flush == nullptr) continue;
    for (std::size_t k = 0; k < said.durable.size(); ++k) {
      const GroupId group = StateModel::groups[k];
      if (flush->only && *flush->only != group) continue;
      const std::uint32_t floor = said.durable[k] == everything ? said.step : made[group][said.durable[k]];
      floors[group] = std::max(floors[group], floor);
    }
  }
  return floors;
}

bool same(const StateContent& a, const StateContent& b, GroupId group) {
  const auto in_a = a.find(group);
  const auto in_b = b.find(group);
  if (in_a == a.end() || in_b == b.end()) return (in_a == a.end()) == (in_b == b.end());
  return in_a->second == in_b->second;
}

void crash_state(How how, std::uint64_t seed) {
  const TemporaryDirectory directory;
  Rng luck(seed);
  StateContent before;
  std::uint64_t acknowledged = 0;
  for (int life = 0; life < lives(); ++life) {
    const Death death = draw(how, luck);
    const Plan plan{directory.path(), luck.next(), death.power_cut_at, -1};
    const Ended ended = run_child("state", plan, death.kill_after);
    acknowledged += ended.acknowledged();
    auto store = open_state_store(state_options(directory.path(), nullptr));
    ASSERT_TRUE(store) << "life " << life << ": " << store.error().detail;
    auto after = content_of(**store);
    ASSERT_TRUE(after) << "life " << life << ": " << after.error().detail;
    // Each group as some prefix of the steps left it, not shorter than what was made durable.
    auto floors = durable_floors(before, plan.seed, ended.steps);
    StateModel model;
    model.restart(before);
    Rng rng(plan.seed);
    std::set<GroupId> left(std::begin(StateModel::groups), std::end(StateModel::groups));
    for (std::uint32_t steps = 0; !left.empty() && steps <= steps_max; ++steps) {
      std::erase_if(left, [&](GroupId group) {
        return steps >= floors[group] && same(*after, model.content(), group);
      });
      model.apply(model.random_step(rng));
    }
    ASSERT_TRUE(left.empty()) << "life " << life << ", acknowledged " << ended.acknowledged() << ", group "
                              << left.begin()->value << ", durable " << floors[*left.begin()];
    before = std::move(*after);
  }
  std::printf("%d lives, %llu acknowledged steps\n", lives(), static_cast<unsigned long long>(acknowledged));
}

TEST(Crash, a_power_cut_leaves_a_prefix_of_each_group) {
  crash_state(How::power_cut, 3);
}
TEST(Crash, a_kill_leaves_a_prefix_of_each_group) {
  crash_state(How::kill, 4);
}

}  // namespace
}  // namespace nodedb::edge
