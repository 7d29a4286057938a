// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Raft trace: each node's own events in order, for checkers that are not ours (format: docs/testing.md).

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"

namespace nodedb::node {

enum class TraceKind : std::uint8_t {
  vote,      ///< term, node = for whom; once durable
  leader,    ///< term, index = last
  append,    ///< index, term, hash
  truncate,  ///< index
  commit,    ///< index
  apply,     ///< index, term, hash
  snapshot,  ///< index, term, hash = 0
  term,      ///< term
  restart,
  read_request,  ///< id
  read,          ///< id, index
};

struct TraceEvent {
  TraceKind kind = TraceKind::term;
  GroupId group;
  Term term;
  Index index;
  NodeId node;
  std::uint64_t id = 0;
  std::uint32_t hash = 0;  ///< CRC-32C of the entry's kind and payload
};

/// One JSON object and a newline; ids and numbers only, so nothing needs escaping.
Bytes trace_line(NodeId self, const TraceEvent& event);

}  // namespace nodedb::node
