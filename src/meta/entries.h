// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an entry of group 0 can say. One alternative a meaning; meta/codec.h gives each its bytes,
// meta/machine.h its effect.

#include <variant>
#include <vector>

#include "meta/types.h"

namespace nodedb::meta {

using SingleEntry = std::variant<MemberUp, PlacementChange, ClusterVersion>;

/// All of them or, if one fails, none. Batches do not nest.
struct MetaBatch {
  std::vector<SingleEntry> entries;
  bool operator==(const MetaBatch&) const = default;
};

using MetaEntry = std::variant<MemberUp, PlacementChange, ClusterVersion, MetaBatch>;

}  // namespace nodedb::meta
