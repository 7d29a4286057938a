// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words that every command has which asks a running node. Includes CLI11: only main.cc and the files of
// words may include this.

#include <CLI/CLI.hpp>
#include <string>

#include "app/operator_calls.h"
#include "app/operator_commands.h"

namespace nodedb::app {

struct OperatorWords {
  Operator from;
  std::string output = "table";
  std::int64_t vshard = 0;
  std::int64_t to = 0;
  bool all = false;

  Output kind() const { return output == "json" ? Output::json : Output::table; }
};

void add_output(CLI::App* command, std::string& output);
/// With --certs, --node and --output.
CLI::App* add_operator_command(CLI::App& parent, const char* name, const char* help, OperatorWords& words);

}  // namespace nodedb::app
