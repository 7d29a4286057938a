// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where settings come from besides flags: a TOML file and the environment.

#include <string>
#include <vector>

#include "app/config.h"
#include "base/error.h"

namespace nodedb::app {

/// The top-level keys of a TOML document; tables are refused (options are flat). Scalars become text, arrays
/// of scalars become lists. Names are not judged here. Errors: malformed with the line, too_large.
Result<std::vector<Setting>> settings_of_toml(BytesView text, std::string_view origin);

/// Errors: not_found, malformed, too_large.
Result<std::vector<Setting>> settings_of_file(const std::string& path);

/// Each `NODEDB_NAME=value`; lists are separated by commas. `environment` ends with a null pointer. Variables
/// that the tests and the command line use for themselves are passed over.
std::vector<Setting> settings_of_environment(const char* const* environment);

}  // namespace nodedb::app
