// SPDX-License-Identifier: Apache-2.0
#pragma once

// Group 0's rows as they lie in a state store, for judges that go by the bytes.

#include "base/bytes.h"
#include "node/namespaces.h"
#include "sim/state_disk.h"

namespace nodedb::sim {

/// The rows of one kind, under the keys of meta/rows.h.
template <class See>
void each_row(const Rows& rows, BytesView kind, See see) {
  const Bytes prefix = node::machine_rows + Bytes(kind);
  for (auto row = rows.lower_bound(prefix); row != rows.end() && row->first.starts_with(prefix); ++row) {
    see(BytesView(row->first).substr(1), row->second);
  }
}

}  // namespace nodedb::sim
