// SPDX-License-Identifier: Apache-2.0
#pragma once

// The library's options as the server's: one table of them (app/config.h), one set of rules.

#include <string>
#include <vector>

#include "app/config.h"
#include "nodedb/cluster/options.h"

namespace nodedb::door {

/// With a memory budget; complaints about names, values and their combination, empty if all is well.
app::Configured configure(const NodeOptions& options);

}  // namespace nodedb::door
