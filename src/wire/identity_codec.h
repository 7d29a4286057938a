// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who a data directory belongs to: written once, with the genesis, in the same log batch as the groups it
// creates. The whole genesis is kept: a founder that died before its state store had it installs it again,
// and a second `init` can be compared with it.

#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/uuid.h"
#include "meta/types.h"

namespace nodedb::wire {

/// Of everything in the log store and the state store together; rises when an older build could not read it.
inline constexpr std::uint32_t data_format_version = 1;

struct Identity {
  Uuid cluster;
  Uuid node;
  NodeId id;
  std::uint32_t format_version = data_format_version;
  meta::Genesis genesis;
  bool operator==(const Identity&) const = default;
};

Bytes encode_identity(const Identity& identity);
/// Errors: damaged, incompatible (a later version of the record or of the data format).
Result<Identity> decode_identity(BytesView record);

}  // namespace nodedb::wire
