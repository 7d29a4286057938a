// SPDX-License-Identifier: Apache-2.0
#include "app/start_command.h"

#include <unistd.h>

#include <iterator>

#include "app/config_sources.h"
#include "app/fail_points.h"
#include "app/joining.h"
#include "app/output.h"
#include "app/server.h"
#include "edge/base/log.h"
#include "edge/base/machine.h"
#include "edge/systemd/notify.h"

namespace nodedb::app {

namespace {

log::Level level_of(const std::string& word) {
  if (word == "debug") return log::Level::debug;
  if (word == "warn") return log::Level::warn;
  return word == "error" ? log::Level::error : log::Level::info;
}

Exit complain_about_all(const std::vector<std::string>& complaints) {
  for (const std::string& complaint : complaints) complain({Code::malformed, complaint});
  return Exit::usage;
}

}  // namespace

Exit run_start(const std::string& file, std::span<const Setting> flags) {
  std::vector<Setting> settings;
  if (!file.empty()) {
    auto from_file = settings_of_file(file);
    if (!from_file) {
      complain(from_file.error());
      return Exit::usage;
    }
    settings = std::move(*from_file);
  }
  if (const auto taken = take_fail_point(); !taken) {
    complain(taken.error());
    return Exit::usage;
  }
  for (Setting& setting : settings_of_environment(environ)) settings.push_back(std::move(setting));
  settings.insert(settings.end(), flags.begin(), flags.end());

  Configured made = configure(settings);
  if (made.config.memory_budget == 0)
    made.config.memory_budget = MemoryBudget::of_machine(edge::machine_memory_bytes());
  std::vector<std::string> complaints = made.complaints;
  for (std::string& complaint : made.config.validate()) complaints.push_back(std::move(complaint));
  if (!complaints.empty()) return complain_about_all(complaints);

  log::configure(made.config.log_format == "json" ? log::Format::json : log::Format::logfmt,
                 level_of(made.config.log_level));
  if (made.config.scheduling == "batch" && !edge::schedule_as_batch())
    log::info("the kernel does not take its threads for batch work; they interrupt each other more often");
  Config config = made.config;
  if (!config.join.empty()) systemd::status("asks the cluster to let it in");
  if (const auto joined = join_cluster(config); !joined) {
    complain(joined.error());
    return exit_of(joined.error().code);
  }
  auto server = Server::open(config);
  if (!server) {
    complain(server.error());
    return server.error().code == Code::conflict ? Exit::locked : exit_of(server.error().code);
  }
  return (*server)->run();
}

}  // namespace nodedb::app
