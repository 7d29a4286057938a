// SPDX-License-Identifier: Apache-2.0
#pragma once

// JSON in a file, whole.

#include <string>

#include "app/json.h"

namespace nodedb::app {

/// Errors: not_found, malformed, too_large, and those of reading.
Result<Json> read_json(const std::string& path);
/// Durable before it is there under that name. Errors: those of writing.
Result<void> write_json(const std::string& path, const Json& body);

}  // namespace nodedb::app
