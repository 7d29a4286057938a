// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Redis primary and two replicas, all three with `appendfsync always`. Clients speak to the primary alone.
//
// A write is a SET that counts as answered when `WAIT 2` behind it is. Redis answers a WAIT once both
// replicas have acknowledged the log up to the connection's last write. With `appendfsync always` a server
// writes and syncs its file before it sends anything that the same turn of its loop has made,
// acknowledgements included, so that all three disks hold the write by then. That is how 7.0 is built;
// WAITAOF, which promises it, came with 7.2.
//
// It is not consensus. A WAIT that fails takes nothing back; whoever reads may see what no replica has yet; a
// failover promotes a replica by best effort, so that what WAIT has acknowledged can be lost; and a primary
// that was cut off goes on taking reads and writes. WAIT 2 of 2 also waits for all three disks, where a
// majority would be two, and stops when one replica is down.

#include "bench/compare/system.h"

namespace nodedb::bench {

System redis();

}  // namespace nodedb::bench
