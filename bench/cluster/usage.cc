// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/usage.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace nodedb::bench {

namespace {

std::string file_of(pid_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Usage Usage::operator-(const Usage& before) const {
  return {user_us - before.user_us, system_us - before.system_us, syncs - before.syncs,
          datagrams - before.datagrams, net_bytes - before.net_bytes};
}

Usage Usage::operator+(const Usage& other) const {
  return {user_us + other.user_us, system_us + other.system_us, syncs + other.syncs,
          datagrams + other.datagrams, net_bytes + other.net_bytes};
}

Usage usage_of(pid_t pid) {
  Usage usage;
  const std::string stat = file_of(pid, "stat");
  // The command's name is in parentheses and may hold anything; fields are counted from behind it.
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // state … cmajflt
  std::uint64_t children_user = 0, children_system = 0;
  fields >> usage.user_us >> usage.system_us >> children_user >> children_system;
  usage.user_us += children_user;
  usage.system_us += children_system;
  const auto tick_us = static_cast<std::uint64_t>(1'000'000 / ::sysconf(_SC_CLK_TCK));
  usage.user_us *= tick_us;
  usage.system_us *= tick_us;
  return usage;
}

std::optional<std::uint64_t> disk_bytes_written(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  std::ifstream file("/sys/dev/block/" + std::to_string(major(found.st_dev)) + ":" +
                     std::to_string(minor(found.st_dev)) + "/stat");
  constexpr int fields_before = 6;  // reads, and how many writes there were
  constexpr std::uint64_t sector_bytes = 512;
  std::uint64_t sectors = 0;
  for (int i = 0; i <= fields_before; ++i) file >> sectors;
  if (!file) return std::nullopt;
  return sectors * sector_bytes;
}

std::vector<Usage> usage_of(const e2e::Cluster& cluster) {
  std::vector<Usage> all;
  for (std::size_t i = 0; i < cluster.nodes().size(); ++i) {
    Usage usage = usage_of(cluster.nodes()[i].pid);
    if (const auto status = cluster.status(i)) {
      const auto count = [&](const char* name) {
        return static_cast<std::uint64_t>((*status)["io"][name].number());
      };
      usage.syncs = count("log_syncs");
      usage.datagrams = count("datagrams_sent");
      usage.net_bytes = count("bytes_sent");
    }
    all.push_back(usage);
  }
  return all;
}

}  // namespace nodedb::bench
