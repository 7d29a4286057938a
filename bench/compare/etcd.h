// SPDX-License-Identifier: Apache-2.0
#pragma once

// A three-node etcd, spoken to over gRPC: HTTP/2 by nghttp2, the few protobuf messages by hand. Without TLS,
// neither for clients nor between its nodes.

#include "bench/compare/system.h"

namespace nodedb::bench {

System etcd();

}  // namespace nodedb::bench
