// SPDX-License-Identifier: Apache-2.0
#pragma once

// A three-node ZooKeeper, spoken to in its own client protocol (jute records behind a length), pipelined.
// Without TLS. Each server has a directory and a configuration file of its own, and syncs its log before it
// acknowledges (forceSync).
//
// A write is a setData of a znode that exists. A read is a sync and a getData, sent together: a getData alone
// is served from the connection's server, which may be behind. Even so a read is not quite linearizable: the
// leader answers a sync without asking a majority whether it still leads (ZOOKEEPER-1675).

#include "bench/compare/system.h"

namespace nodedb::bench {

System zookeeper();

}  // namespace nodedb::bench
