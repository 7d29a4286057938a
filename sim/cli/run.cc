// SPDX-License-Identifier: Apache-2.0
#include "sim/cli/run.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <utility>

namespace nodedb::sim {

namespace {

const World* running_world = nullptr;

extern "C" void on_abort(int) {
  std::array<char, 96> text{};
  const long long ms = running_world == nullptr ? 0 : running_world->now_ns() / ns_per_ms;
  const int size =
      std::snprintf(text.data(), text.size(), "aborted at %lld.%03lld simulated s\n", ms / 1000, ms % 1000);
  if (size > 0 && write(STDERR_FILENO, text.data(), static_cast<std::size_t>(size)) < 0) _exit(red_exit);
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

}  // namespace

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void say_where_it_aborts() {
  std::signal(SIGABRT, on_abort);
}

Report run_world(const Arguments& a, std::uint64_t seed, Listeners listeners) {
  World world(climate_of(a, seed), bugs_of(a.bug), std::move(listeners));
  running_world = &world;
  Report report = world.run();
  running_world = nullptr;
  return report;
}

}  // namespace nodedb::sim
