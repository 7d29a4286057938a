// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/system.h"

#include <filesystem>

namespace nodedb::bench {

namespace {

constexpr int start_patience_s = 30;

}  // namespace

bool installed(const System& system) {
  return system.program.empty() || e2e::run({"/bin/sh", "-c", "command -v " + system.program}).status == 0;
}

void Programs::run(const std::string& name, std::vector<std::string> line) {
  line.insert(line.begin(), "/usr/bin/env");
  processes_.push_back(std::make_unique<e2e::Process>(line, directory_of(name) + "/log"));
}

std::string Programs::directory_of(const std::string& name) const {
  const std::string path = directory_ + "/" + name;
  std::filesystem::create_directories(path);
  return path;
}

std::vector<pid_t> Programs::pids() const {
  std::vector<pid_t> pids;
  for (const auto& process : processes_) pids.push_back(process->pid());
  return pids;
}

std::unique_ptr<Servers> once_they_serve(std::unique_ptr<Programs> programs, const MakeProtocol& protocol,
                                         std::string& complaint) {
  LoadOptions probe;
  probe.servers = load::loopback(programs->ports());
  probe.outstanding = probe.connections = probe.servers.size();
  probe.seconds = 0.2;
  const bool serve = e2e::eventually(start_patience_s, [&] {
    std::string ignored;
    const auto answered = run_load(probe, protocol, ignored);
    return answered && answered->operations > 0 && answered->errors == 0;
  });
  if (serve) return programs;
  complaint = "it does not serve: " + programs->log();
  return nullptr;
}

}  // namespace nodedb::bench
