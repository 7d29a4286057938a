// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of `cert rotate-ca` (app/rotate_command.h).

#include <string>

#include "app/operator_words.h"

namespace nodedb::app {

struct RotateWords {
  bool stage = false;
  bool finalize = false;
  bool status = false;
  std::string ca_directory;
};

/// `cert`: the command that has those about certificates.
void add_rotate(CLI::App& cert, OperatorWords& words, RotateWords& rotate, Exit& exit);

}  // namespace nodedb::app
