// SPDX-License-Identifier: Apache-2.0
// The library's simulator on state machines of somebody else's: the lock service of the examples keeps what
// fencing tokens promise, the read levels keep theirs, and a machine or a claim that is wrong is found.
#include "nodedb/cluster/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "examples/lock_machine.h"

namespace nodedb {
namespace {

class LockUsers final : public Workload {
 public:
  SimulatedRequest next(std::uint64_t client, Rng& luck) override {
    const std::string lock = "l" + std::to_string(luck.below(3));
    const VShardId vshard(static_cast<std::uint16_t>(luck.below(4)));
    if (luck.chance(0.3)) return {vshard, false, "holder " + lock};
    return {vshard, true,
            "acquire " + lock + " c" + std::to_string(client) + " " + std::to_string(luck.between(1, 500))};
  }
  std::vector<SimulatedRequest> last() override { return {{VShardId(0), false, "holder l0"}}; }
};

std::int64_t granted(const SimulatedCall& call) {
  if (!call.request.write || !call.answer) return 0;
  const auto words = locks::words_of(call.answer->reply);
  return words.size() == 2 ? locks::number_of(words[1]) : 0;
}

/// A lock that was granted before another request for it began has the lower token.
std::string tokens_rise(const Simulated& seen) {
  std::map<std::pair<VShardId, std::string>, std::vector<const SimulatedCall*>> grants;
  for (const SimulatedCall& call : seen.calls)
    if (granted(call) > 0)
      grants[{call.request.vshard, locks::words_of(call.request.bytes)[1]}].push_back(&call);
  for (const auto& [lock, calls] : grants) {
    for (const SimulatedCall* one : calls)
      for (const SimulatedCall* later : calls)
        if (one->return_ns < later->call_ns && granted(*one) >= granted(*later))
          return "token " + std::to_string(granted(*later)) + " was granted after " +
                 std::to_string(granted(*one));
  }
  return grants.empty() ? "no lock was ever granted" : "";
}

TEST(Simulation, LocksKeepTheirPromise) {
  SimulationOptions options;
  options.seeds = 10;
  const auto report = simulate(
      options, [] { return std::make_unique<const locks::LockMachine>(); },
      [] { return std::make_unique<LockUsers>(); }, tokens_rise);
  EXPECT_EQ(report.problem, "") << "seed " << report.seed;
  EXPECT_EQ(report.runs, 10u);
  EXPECT_GT(report.answers, 100u);
}

/// One number that only rises.
class Counter : public StateMachine {
 public:
  Result<ApplyOutput> apply(const View& rows, const ApplyInput&) const override {
    const Bytes sum = std::to_string(std::stol(rows.get("sum").value_or("0")) + 1);
    return ApplyOutput{{Put{"sum", sum}}, sum};
  }
  Bytes read(const View& rows, const ReadInput&) const override { return rows.get("sum").value_or("0"); }
};

/// Adds and reads at every level; a session is a client's.
class Counting final : public Workload {
 public:
  static constexpr std::int64_t staleness_ns = 200 * ns_per_ms;

  SimulatedRequest next(std::uint64_t client, Rng& luck) override {
    const VShardId vshard(static_cast<std::uint16_t>(luck.below(2)));
    if (luck.chance(0.4)) return {vshard, true, "add"};
    SimulatedRequest read{vshard, false, "sum"};
    constexpr ReadLevel levels[] = {ReadLevel::linearizable, ReadLevel::lease, ReadLevel::bounded,
                                    ReadLevel::session, ReadLevel::local};
    read.read.level = levels[luck.below(std::size(levels))];
    read.read.max_staleness_ns = luck.chance(0.3) ? 0 : staleness_ns;
    read.read.after = sessions_[{client, vshard}];
    return read;
  }
  void answered(const SimulatedCall& call) override {
    if (!call.answer || call.request.read.level == ReadLevel::local) return;
    Index& seen = sessions_[{call.client, call.request.vshard}];
    seen = std::max(seen, call.answer->at);
  }
  std::vector<SimulatedRequest> last() override {
    return {{VShardId(0), false, "sum"}, {VShardId(1), false, "sum"}};
  }

 private:
  std::map<std::pair<std::uint64_t, VShardId>, Index> sessions_;
};

/// What each read must have seen: the sums that were answered so long before it.
class Judge {
 public:
  explicit Judge(const Simulated& seen) {
    for (const SimulatedCall& call : seen.calls)
      if (call.answer && call.request.write) writes_.push_back(&call);
    for (const SimulatedCall& call : seen.calls)
      if (call.answer && !call.request.write && complaint_.empty()) complaint_ = judge(call);
  }
  const std::string& complaint() const { return complaint_; }

 private:
  static std::int64_t sum(const SimulatedCall& call) { return std::stol(call.answer->reply); }

  std::string judge(const SimulatedCall& read) {
    const ReadLevel level = read.request.read.level;
    std::int64_t least = 0;
    for (const SimulatedCall* write : writes_) {
      if (write->request.vshard != read.request.vshard) continue;
      const bool strong = level == ReadLevel::linearizable || level == ReadLevel::lease;
      // The clock of the node that answers may run faster than the true one.
      const bool before = write->return_ns < read.call_ns;
      const bool must = (strong && before) ||
                        (level == ReadLevel::bounded && before &&
                         write->return_ns < read.return_ns - read.request.read.max_staleness_ns * 3 / 2) ||
                        (level == ReadLevel::session && write->answer->at <= read.request.read.after);
      if (must) least = std::max(least, sum(*write));
    }
    if (sum(read) >= least) return "";
    return "a read at level " + std::to_string(static_cast<int>(level)) + " saw " + read.answer->reply +
           " and had to see " + std::to_string(least);
  }

  std::vector<const SimulatedCall*> writes_;
  std::string complaint_;
};

TEST(Simulation, ReadLevelsKeepTheirPromises) {
  SimulationOptions options;
  options.first_seed = 100;
  options.seeds = 25;
  std::map<ReadLevel, std::size_t> answered;
  const auto report = simulate(
      options, [] { return std::make_unique<const Counter>(); }, [] { return std::make_unique<Counting>(); },
      [&](const Simulated& seen) {
        for (const SimulatedCall& call : seen.calls)
          if (call.answer && !call.request.write) ++answered[call.request.read.level];
        return Judge(seen).complaint();
      });
  EXPECT_EQ(report.problem, "") << "seed " << report.seed;
  for (const ReadLevel level :
       {ReadLevel::linearizable, ReadLevel::lease, ReadLevel::bounded, ReadLevel::session, ReadLevel::local})
    EXPECT_GT(answered[level], 100u) << static_cast<int>(level);
}

/// Local reads are old sometimes: else the test above would prove nothing.
TEST(Simulation, LocalReadsAreNotTakenForBetterOnes) {
  class Pretending final : public Workload {
   public:
    SimulatedRequest next(std::uint64_t, Rng& luck) override {
      SimulatedRequest made{VShardId(0), luck.chance(0.4), "add"};
      made.read.level = ReadLevel::local;
      return made;
    }
    std::vector<SimulatedRequest> last() override { return {{VShardId(0), false, "sum"}}; }
  };
  SimulationOptions options;
  const auto report = simulate(
      options, [] { return std::make_unique<const Counter>(); },
      [] { return std::make_unique<Pretending>(); },
      [](const Simulated& seen) {
        Simulated claimed = seen;
        for (SimulatedCall& call : claimed.calls) call.request.read.level = ReadLevel::linearizable;
        return Judge(claimed).complaint();
      });
  EXPECT_TRUE(report.problem.starts_with("check: ")) << report.problem;
}

TEST(Simulation, AMachineThatDivergesIsFound) {
  class Diverging final : public Counter {
   public:
    Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
      auto done = Counter::apply(rows, input);
      if (done) done->writes.push_back(Put{"calls", std::to_string(++calls_)});
      return done;
    }

   private:
    mutable int calls_ = 0;
  };
  SimulationOptions options;
  const auto report = simulate(
      options, [] { return std::make_unique<const Diverging>(); },
      [] { return std::make_unique<Counting>(); }, [](const Simulated&) { return ""; });
  EXPECT_TRUE(report.problem.starts_with("R6")) << report.problem;
}

}  // namespace
}  // namespace nodedb
