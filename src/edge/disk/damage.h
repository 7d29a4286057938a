// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"

namespace nodedb::edge {

/// `what` is damaged in `directory`, a part of a replica's data directory, and what a person is to do about
/// it.
Error damage(const std::string& directory, const std::string& what);

}  // namespace nodedb::edge
