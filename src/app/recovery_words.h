// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of `recover` (app/recovery_commands.h).

#include "app/operator_words.h"
#include "app/recovery_commands.h"

namespace nodedb::app {

struct RecoveryWords {
  std::string survey;
  std::string plan;
  std::vector<std::int64_t> lost;
  std::string timeout = "60s";
};

void add_recovery(CLI::App& app, OperatorWords& words, RecoveryWords& recovery, Exit& exit);

}  // namespace nodedb::app
