// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/cpu.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace nodedb::bench {

std::uint64_t cpu_us(std::span<const pid_t> pids) {
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::uint64_t ticks = 0;
  for (const pid_t pid : pids) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    // The command's name is in parentheses and may hold anything; fields are counted from behind it.
    std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;  // state … cmajflt
    std::uint64_t user = 0, system = 0;
    fields >> user >> system;
    ticks += user + system;
  }
  return ticks * 1'000'000 / ticks_per_second;
}

}  // namespace nodedb::bench
