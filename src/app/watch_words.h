// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of `top` and `events` (app/watch_commands.h) and of `debug` (app/debug_commands.h).

#include "app/operator_words.h"

namespace nodedb::app {

struct WatchWords {
  bool follow = false;
  std::string file;
};

void add_watch(CLI::App& app, OperatorWords& words, WatchWords& watch, Exit& exit);

}  // namespace nodedb::app
