// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of the commands about a stopped node's data directory. Includes CLI11: only main.cc may include
// this.

#include <CLI/CLI.hpp>
#include <string>

#include "app/wal_commands.h"

namespace nodedb::app {

struct OfflineWords {
  WalArguments arguments;
  std::string output = "table";

  Output kind() const { return output == "json" ? Output::json : Output::table; }
};

void add_offline(CLI::App& app, OfflineWords& words, Exit& exit);

}  // namespace nodedb::app
