// SPDX-License-Identifier: Apache-2.0
#pragma once

// Three nodes of this project, with 1,024 vShards in use and TLS between the nodes.

#include "bench/compare/system.h"

namespace nodedb::bench {

System ours();

}  // namespace nodedb::bench
