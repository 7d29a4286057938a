// SPDX-License-Identifier: Apache-2.0
// Kill -9 under load, round after round: of one node, of two, of all; every fourth round stops nodes for
// seconds instead and lets them go on, as leaders that know nothing of it. Clients with unique values write
// and read all the while; at the end every key is read once more and the whole history is judged: no
// acknowledged write lost, none applied twice, every read linearizable.
//
//   e2e_chaos [--rounds N] [--seed S] [--clients C] [--history FILE] [--dir DIR] [--trace]
//
// --dir keeps the playground, its logs and, with --trace, the nodes' Raft traces for other checkers.

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "edge/base/clock.h"
#include "history/linearizability.h"
#include "history/smallest_part.h"
#include "load/check_crowd.h"
#include "tests/e2e/support/cluster.h"

namespace nodedb::e2e {

namespace {

struct Arguments {
  std::uint64_t rounds = 10;
  std::uint64_t seed = 1;
  std::uint64_t clients = 12;
  std::string history;
  std::string directory;
  bool trace = false;
};

std::optional<Arguments> parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--trace") {
      arguments.trace = true;
      continue;
    }
    if (i + 1 >= count) return std::nullopt;
    const std::string value = words[++i];
    if (word == "--rounds")
      arguments.rounds = std::strtoull(value.c_str(), nullptr, 10);
    else if (word == "--seed")
      arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (word == "--clients")
      arguments.clients = std::strtoull(value.c_str(), nullptr, 10);
    else if (word == "--history")
      arguments.history = value;
    else if (word == "--dir")
      arguments.directory = value;
    else
      return std::nullopt;
  }
  return arguments;
}

/// Which nodes this round befalls: mostly one, at times two of three, at times all.
std::vector<std::size_t> draw_victims(Rng& rng, std::size_t nodes) {
  std::vector<std::size_t> order(nodes);
  for (std::size_t i = 0; i < nodes; ++i) order[i] = i;
  for (std::size_t i = nodes; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  const std::uint64_t draw = rng.below(100);
  order.resize(draw < 55 ? 1 : draw < 80 ? 2 : nodes);
  return order;
}

/// Waits until writes are acknowledged again.
bool wait_progress(const load::CheckStage& stage, std::uint64_t more, int seconds) {
  const std::uint64_t goal = stage.acknowledged + more;
  for (int i = 0; i < seconds * 50; ++i) {
    if (stage.acknowledged >= goal) return true;
    sleep_ms(20);
  }
  return false;
}

void kill_and_restart(Cluster& cluster, Rng& rng, const std::vector<std::size_t>& victims) {
  for (const std::size_t victim : victims) {
    cluster.kill(victim);
    sleep_ms(static_cast<int>(rng.below(60)));
  }
  sleep_ms(static_cast<int>(rng.below(2'500)));
  for (const std::size_t victim : victims) {
    cluster.restart(victim);
    sleep_ms(static_cast<int>(rng.below(100)));
  }
}

/// Longer than an election timeout, mostly: others lead by the time that the stopped ones go on.
void stop_and_continue(const Cluster& cluster, Rng& rng, const std::vector<std::size_t>& victims) {
  for (const std::size_t victim : victims) ::kill(cluster.nodes()[victim].pid, SIGSTOP);
  sleep_ms(static_cast<int>(500 + rng.below(4'000)));
  for (const std::size_t victim : victims) ::kill(cluster.nodes()[victim].pid, SIGCONT);
}

bool play_round(Cluster& cluster, load::CheckStage& stage, Rng& rng, std::uint64_t round) {
  stage.round = round;
  if (!wait_progress(stage, 100, 60)) {
    std::cout << "round " << round << ": FAILED: no progress before it\n";
    return false;
  }
  sleep_ms(static_cast<int>(rng.below(300)));
  const std::vector<std::size_t> victims = draw_victims(rng, cluster.nodes().size());
  const bool stops = round % 4 == 3;
  std::cout << "round " << round << (stops ? ": stop" : ": kill -9");
  for (const std::size_t victim : victims) std::cout << " " << cluster.nodes()[victim].id;
  if (stops)
    stop_and_continue(cluster, rng, victims);
  else
    kill_and_restart(cluster, rng, victims);
  const auto back = edge::monotonic_time();
  const bool progress = wait_progress(stage, 100, 60);
  std::cout << ", serving " << (edge::monotonic_time() - back) / ns_per_ms << " ms after "
            << (stops ? "that" : "the restart") << ", " << stage.acknowledged << " writes so far"
            << (progress ? "" : ": FAILED: no progress") << std::endl;
  for (const std::size_t victim : victims) {
    if (cluster.wait_port(victim, 60)) continue;
    std::cout << "round " << round << ": FAILED: node " << victim + 1 << " does not come back\n";
    return false;
  }
  return progress;
}

void write_history(const history::History& history, const std::string& path) {
  std::ofstream file(path);
  for (const history::Operation& operation : history) file << history::to_json(operation) << "\n";
}

int judge(const history::History& history) {
  std::size_t unknown = 0;
  for (const history::Operation& operation : history)
    unknown += operation.status == history::Status::info ? 1 : 0;
  const history::Judgement judgement = history::check_linearizable(history);
  std::cout << history.size() << " operations, " << unknown << " with unknown outcome: ";
  if (judgement.kind == history::Judgement::Kind::linearizable) {
    std::cout << "linearizable\n";
    return 0;
  }
  std::cout << (judgement.kind == history::Judgement::Kind::violated ? "NOT LINEARIZABLE" : "UNDECIDED")
            << ", key " << judgement.key << "\n";
  for (const history::Operation& operation : history::smallest_part(judgement.witness))
    std::cout << history::to_json(operation) << "\n";
  return 1;
}

int play(const Arguments& arguments) {
  const TemporaryDirectory temporary("nodedb-chaos");
  const std::string directory = arguments.directory.empty() ? temporary.path() : arguments.directory;
  std::string complaint;
  const std::vector<std::string> more =
      arguments.trace ? std::vector<std::string>{"--trace"} : std::vector<std::string>{};
  auto cluster = Cluster::start(directory, 3, complaint, more);
  if (!cluster) {
    std::cout << complaint << "\n";
    return 1;
  }
  Rng rng(arguments.seed);
  load::CheckStage stage;
  stage.access.servers = load::loopback(cluster->redis_ports());
  stage.name = "chaos";
  std::uint64_t done = 0;
  history::History history;
  {
    load::CheckCrowd crowd(stage, rng, arguments.clients);
    while (done < arguments.rounds && play_round(*cluster, stage, rng, done)) ++done;
    crowd.stop();
    history = crowd.take_history();
  }
  bool all_read = true;
  load::CheckClient reader(stage, rng.fork());
  for (const std::string& key : load::keys_until(stage, std::min(done + 1, arguments.rounds)))
    all_read = all_read && reader.read_finally(key);
  for (history::Operation& operation : reader.take_history()) history.push_back(std::move(operation));
  if (!all_read) std::cout << "FAILED: a key cannot be read at the end\n";
  if (!arguments.history.empty()) write_history(history, arguments.history);
  const int verdict = judge(history);
  return done == arguments.rounds && all_read ? verdict : 1;
}

}  // namespace

}  // namespace nodedb::e2e

int main(int count, char** words) {
  const auto arguments = nodedb::e2e::parse(count, words);
  if (!arguments || arguments->rounds == 0) {
    std::cerr
        << "usage: e2e_chaos [--rounds N] [--seed S] [--clients C] [--history FILE] [--dir DIR] [--trace]\n";
    return 2;
  }
  return nodedb::e2e::play(*arguments);
}
