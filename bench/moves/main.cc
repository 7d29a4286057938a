// SPDX-License-Identifier: Apache-2.0
// Moves vShards between the nodes of a real cluster under load, one after the other, there and back, and says
// how long anybody had to wait. Every client counts with INCR and checks each answer against its own count:
// a lost or a twice applied write shows at once.
//
//   moves_bench [--moves 200] [--writers 64] [--readers 16] [--vshards 8]
//
// Half of the clients work on the vShards that move. A move's stall is the longest operation on its vShard
// that was under way between the move's start and its end.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/redis.h"

namespace nodedb::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int moves = 200;
  int writers = 64;
  int readers = 16;
  int vshards = 8;
};

struct Operation {
  std::uint16_t vshard = 0;
  Clock::time_point began;
  Clock::time_point ended;
};

struct Shared {
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> operations = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> wrong = 0;
  std::mutex mutex;
  std::vector<Operation> slow;  ///< those that took at least a millisecond
};

void work(Shared& shared, int port, std::uint16_t vshard, int number, bool reads) {
  e2e::Redis redis(port, 10'000);
  const std::string key = e2e::key_in(VShardId(vshard), std::to_string(number));
  std::int64_t count = 0;
  if (reads && !redis.command({"SET", key, "here"}).is("OK")) ++shared.failed;
  while (!shared.stop) {
    Operation one{vshard, Clock::now(), {}};
    const e2e::Answer answer = reads ? redis.command({"GET", key}) : redis.command({"INCR", key});
    one.ended = Clock::now();
    ++shared.operations;
    if (answer.kind == e2e::Answer::Kind::error || answer.kind == e2e::Answer::Kind::lost) {
      ++shared.failed;
      std::fprintf(stderr, "client %d: %s\n", number, answer.describe().c_str());
      return;
    }
    if (reads ? !answer.is("here") : !answer.is(++count)) {
      ++shared.wrong;
      std::fprintf(stderr, "client %d: got %s\n", number, answer.describe().c_str());
      return;
    }
    if (one.ended - one.began < std::chrono::milliseconds(1)) continue;
    const std::lock_guard lock(shared.mutex);
    shared.slow.push_back(one);
  }
}

double longest_ms(Shared& shared, std::uint16_t vshard, Clock::time_point from, Clock::time_point to) {
  const std::lock_guard lock(shared.mutex);
  Clock::duration longest{};
  for (const Operation& one : shared.slow) {
    if (one.vshard == vshard && one.began <= to && one.ended >= from)
      longest = std::max(longest, one.ended - one.began);
  }
  return std::chrono::duration<double, std::milli>(longest).count();
}

void print(const char* what, std::vector<double> figures) {
  if (figures.empty()) return;
  std::ranges::sort(figures);
  const auto at = [&](double share) {
    return figures[std::min(figures.size() - 1,
                            static_cast<std::size_t>(share * static_cast<double>(figures.size())))];
  };
  std::printf("%-36s median %8.1f ms   p99 %8.1f ms   max %8.1f ms\n", what, at(0.5), at(0.99),
              figures.back());
}

/// What the cluster's own history says of each move.
std::string history(const e2e::Cluster& cluster) {
  return e2e::run({e2e::binary(), "migration", "history", "-o", "json", "--certs", cluster.operator_certs(),
                   "--node", cluster.nodes()[0].quic})
      .output;
}

std::vector<double> numbers(const std::string& json, const std::string& name) {
  std::vector<double> out;
  const std::string field = "\"" + name + "\":";
  for (std::size_t at = json.find(field); at != std::string::npos; at = json.find(field, at + 1))
    out.push_back(std::atof(json.c_str() + at + field.size()));
  return out;
}

/// Only where the source led was a leadership handed over.
std::vector<double> pauses_ms(const std::string& json) {
  std::vector<double> out;
  for (const double us : numbers(json, "pause_us"))
    if (us > 0) out.push_back(us / 1'000);
  return out;
}

std::vector<double> lengths_ms(const std::string& json) {
  std::vector<double> out = numbers(json, "ended_ms");
  const std::vector<double> began = numbers(json, "started_ms");
  for (std::size_t i = 0; i < out.size() && i < began.size(); ++i) out[i] -= began[i];
  return out;
}

std::optional<Options> parse(int count, char** words) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i];
    int* value = name == "--moves"     ? &options.moves
                 : name == "--writers" ? &options.writers
                 : name == "--readers" ? &options.readers
                 : name == "--vshards" ? &options.vshards
                                       : nullptr;
    if (value == nullptr) return std::nullopt;
    *value = std::atoi(words[i + 1]);
    if (*value < 1 || *value > 1024) return std::nullopt;
  }
  if (count % 2 == 0) return std::nullopt;
  return options;
}

int run(const Options& options) {
  const e2e::TemporaryDirectory directory("moves-bench");
  std::string complaint;
  auto cluster = e2e::Cluster::start(directory.path(), 3, complaint, {"--join", "1"});
  if (!cluster || !cluster->wait_healthy(30)) {
    std::fprintf(stderr, "moves_bench: no cluster: %s\n", complaint.c_str());
    return 1;
  }
  Shared shared;
  std::vector<std::thread> clients;
  for (int i = 0; i < options.writers + options.readers; ++i) {
    const int port = cluster->nodes()[static_cast<std::size_t>(i) % cluster->nodes().size()].redis_port;
    // Odd clients stay on vShards that do not move.
    const auto vshard = static_cast<std::uint16_t>(i % 2 == 0 ? i / 2 % options.vshards : 512 + i);
    clients.emplace_back(
        [&shared, port, vshard, i, reads = i >= options.writers] { work(shared, port, vshard, i, reads); });
  }
  const auto pause = [](int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  pause(2'000);
  std::vector<double> stalls;
  std::vector<double> lengths;
  int done = 0;
  for (int move = 0; move < options.moves; ++move) {
    const int round = move / options.vshards;
    const int vshard = move % options.vshards;
    const int home = vshard % 3 + 1;
    const std::string from = std::to_string(round % 2 == 0 ? home : 4);
    const std::string to = std::to_string(round % 2 == 0 ? 4 : home);
    const auto began = Clock::now();
    const e2e::Finished moved = e2e::run(
        {e2e::binary(), "migration", "start", "--vshard", std::to_string(vshard), "--from", from, "--to", to,
         "--wait", "--certs", cluster->operator_certs(), "--node", cluster->nodes()[0].quic});
    const auto ended = Clock::now();
    if (moved.status != 0) {
      std::fprintf(stderr, "move %d of vShard %d: %s\n", move, vshard, moved.output.c_str());
      continue;
    }
    ++done;
    pause(20);
    stalls.push_back(longest_ms(shared, static_cast<std::uint16_t>(vshard), began, ended));
    lengths.push_back(std::chrono::duration<double, std::milli>(ended - began).count());
  }
  const std::string recorded = history(*cluster);
  // The same clients, for as long at a time as a move took: what of a stall is not the move's.
  std::vector<double> calm;
  std::ranges::sort(lengths);
  const double median = lengths.empty() ? 500 : lengths[lengths.size() / 2];
  for (int i = 0; i < 20; ++i) {
    const auto from = Clock::now();
    pause(static_cast<int>(median));
    calm.push_back(longest_ms(shared, static_cast<std::uint16_t>(i % options.vshards), from, Clock::now()));
  }
  shared.stop = true;
  for (std::thread& client : clients) client.join();
  std::printf("%d of %d moves completed; %llu operations, %llu failed, %llu lost or applied twice\n", done,
              options.moves, static_cast<unsigned long long>(shared.operations),
              static_cast<unsigned long long>(shared.failed), static_cast<unsigned long long>(shared.wrong));
  print("longest operation, no move, as long", calm);
  print("longest operation during a move", stalls);
  print("hand-over of a leadership, recorded", pauses_ms(recorded));
  print("a move, recorded", lengths_ms(recorded));
  print("a move, from command to end", lengths);
  return done == options.moves && shared.failed == 0 && shared.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nodedb::bench

int main(int count, char** words) {
  const auto options = nodedb::bench::parse(count, words);
  if (!options) {
    std::fprintf(stderr, "usage: moves_bench [--moves N] [--writers N] [--readers N] [--vshards N]\n");
    return 2;
  }
  return nodedb::bench::run(*options);
}
