// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to meta/'s machine: the member table as an entry meets it.

#include <vector>

#include "meta/draft.h"

namespace nodedb::meta {

/// Retired ones, too. Halts if a row cannot be read.
std::expected<std::vector<Member>, Refusal> all_members(const Draft& draft);

}  // namespace nodedb::meta
