// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a node's memory is used for, as plain values: for `status`, INFO and tests.

#include <cstdint>
#include <string_view>
#include <vector>

namespace nodedb {

struct MemoryRow {
  std::string_view consumer;  ///< a name that lives for ever
  std::uint64_t used_bytes = 0;
  std::uint64_t bound_bytes = 0;
};

struct MemoryTable {
  std::uint64_t budget_bytes = 0;    ///< of the whole process
  std::uint64_t resident_bytes = 0;  ///< of the whole process, as the kernel counts
  std::vector<MemoryRow> rows;
};

}  // namespace nodedb
