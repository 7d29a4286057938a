// SPDX-License-Identifier: Apache-2.0
#pragma once

// The clients' password, in a file that only its owner reads.

#include <string>

#include "base/error.h"

namespace nodedb::app {

/// The file without the line breaks at its end. Errors: not_found, forbidden (others may read it), malformed
/// (there is nothing in it).
Result<std::string> read_password(const std::string& file);

}  // namespace nodedb::app
