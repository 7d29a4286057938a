// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of `kv`. Includes CLI11: only main.cc may include this.

#include <string>

#include "app/kv_commands.h"
#include "app/operator_words.h"

namespace nodedb::app {

struct KvWords {
  std::string key;
  std::string value;
  ReadWords read;
  ScanWords scan;
};

void add_kv(CLI::App& app, OperatorWords& words, KvWords& kv, Exit& exit);

}  // namespace nodedb::app
