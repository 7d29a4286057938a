// SPDX-License-Identifier: Apache-2.0
#include "door/config.h"

#include <utility>

#include "app/config_sources.h"
#include "edge/base/log.h"
#include "edge/base/machine.h"

namespace nodedb::door {

namespace {

/// How complaints name what the program has set.
const std::string origin = "NodeOptions";

}  // namespace

app::Configured configure(const NodeOptions& options) {
  std::vector<app::Setting> settings{{"http", {""}, origin}};
  app::Configured made;
  if (!options.file.empty()) {
    auto from_file = app::settings_of_file(options.file);
    if (!from_file) {
      made.complaints.push_back(from_file.error().detail);
      return made;
    }
    for (app::Setting& setting : *from_file) settings.push_back(std::move(setting));
  }
  for (const auto& [name, value] : options.more) settings.push_back({name, {value}, origin + ".more"});
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) settings.push_back({name, {value}, origin});
  };
  set("data", options.data);
  set("certs", options.certs);
  set("listen", options.listen);
  set("join", options.join);
  if (!options.seeds.empty()) settings.push_back({"seeds", options.seeds, origin});
  made = app::configure(settings);
  if (made.config.memory_budget == 0)
    made.config.memory_budget = app::MemoryBudget::of_machine(edge::machine_memory_bytes());
  for (std::string& complaint : made.config.validate()) made.complaints.push_back(std::move(complaint));
  if (!made.config.client.empty() || !made.config.advertise_client.empty())
    made.complaints.emplace_back("client: a node in a program of its own has no Redis port");
  return made;
}

}  // namespace nodedb::door

namespace nodedb {

std::vector<std::string> NodeOptions::validate() const {
  return door::configure(*this).complaints;
}

void log_to_stderr(LogLevel level) {
  log::configure(log::Format::logfmt, static_cast<log::Level>(level));
}

}  // namespace nodedb
