// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the command line says: results on stdout, complaints on stderr with the command that helps.

#include <cstdint>
#include <string>
#include <string_view>

#include "app/exit_code.h"
#include "app/json.h"
#include "base/error.h"

namespace nodedb::app {

/// Milliseconds since the Unix epoch as 2026-01-31T23:59:59Z.
std::string time_text(std::int64_t ms);

void print(std::string_view text);

enum class Output : std::uint8_t { table, json };
/// What a command has found or done, as its user has asked for it: `body`, or `text` in words.
Exit show(const Json& body, Output output, const std::string& text);

/// "nodedb-cluster: <detail>" on stderr, and the exit status of the error's code.
Exit complain(const Error& error);

}  // namespace nodedb::app
