// SPDX-License-Identifier: Apache-2.0
#include "bench/support/vitals.h"

#include <time.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace nodedb::bench {

namespace {

/// The number behind `name:` in a file of /proc, its first if there are several; 0 if there is none.
std::uint64_t number_in(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
  return 0;
}

}  // namespace

Vitals vitals_of(pid_t pid) {
  Vitals vitals;
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) == 0 && ::clock_gettime(clock, &used) == 0)
    vitals.cpu_ns = std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
  const std::string home = "/proc/" + std::to_string(pid);
  vitals.resident_bytes = 1'024 * number_in(home + "/status", "VmRSS");
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator(home + "/task", gone)) {
    const std::string status = thread.path().string() + "/status";
    vitals.switches += number_in(status, "voluntary_ctxt_switches");
    vitals.switches += number_in(status, "nonvoluntary_ctxt_switches");
  }
  return vitals;
}

}  // namespace nodedb::bench
