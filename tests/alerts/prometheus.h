// SPDX-License-Identifier: Apache-2.0
#pragma once

// A real Prometheus that scrapes a cluster's nodes and evaluates our alert rules, both every other second. It
// ends with the object. One thread.

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "app/json.h"
#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/process.h"

namespace nodedb::e2e {

class Prometheus {
 public:
  /// Keeps its files in `directory`.
  Prometheus(const Cluster& cluster, const std::string& directory);

  /// False if it does not serve in time.
  bool wait_ready(int seconds) const;
  /// The names of the alerts that are raised, each with `{member="3"}` behind it if it is about a member.
  std::set<std::string> firing() const;
  /// Of the first row of an instant query; nothing if there is none.
  std::optional<double> value(const std::string& query) const;
  std::string log() const { return process_->log(); }

 private:
  app::Json ask(const std::string& target) const;

  int port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace nodedb::e2e
