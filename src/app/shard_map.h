// SPDX-License-Identifier: Apache-2.0
#pragma once

// All vShards in some 30 KB, for whoever asks often: a column for each property, and vShard v at place v of
// each. Pure.
//
//   leader    node; 0: none is known               replicas  nodes, as the placement wants it
//   epoch     of the placement                     lag       entries, of the follower that is most behind
//   bytes, writes, reads   the load, a mean of a minute
//
// A lag is known where the vShard is led, a load there and on the node that drives: -1 elsewhere. `halted`
// names the vShards of which this node applies nothing any more.

#include "app/json.h"
#include "node/status.h"

namespace nodedb::app {

/// `status`: with its groups.
Json shard_map_json(const node::Status& status);

}  // namespace nodedb::app
