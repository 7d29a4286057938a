// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of `bench` and `check`. Includes CLI11: only main.cc may include this.

#include <CLI/CLI.hpp>
#include <string>

#include "app/bench_command.h"
#include "app/check_command.h"

namespace nodedb::app {

struct LoadWords {
  RedisWords redis;
  BenchWords bench;
  CheckWords check;
  std::string output = "table";

  Output kind() const { return output == "json" ? Output::json : Output::table; }
};

void add_load(CLI::App& app, LoadWords& words, Exit& exit);

}  // namespace nodedb::app
