// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the command line says: results on stdout, complaints on stderr with the command that helps.

#include <string_view>

#include "app/exit_code.h"
#include "base/error.h"

namespace nodedb::app {

void print(std::string_view text);
/// "nodedb-cluster: <detail>" on stderr, and the exit status of the error's code.
Exit complain(const Error& error);

}  // namespace nodedb::app
