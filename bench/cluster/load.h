// SPDX-License-Identifier: Apache-2.0
#pragma once

// Closed-loop Redis clients: each has one command outstanding, all are driven by one thread, spread evenly
// over the nodes. Latency is measured from the send to the reply's last byte.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodedb::bench {

enum class Operation : std::uint8_t { set, get };

struct LoadOptions {
  std::vector<int> ports;
  Operation operation = Operation::set;
  std::size_t value_bytes = 16;
  std::size_t clients = 1;
  double seconds = 5;
  std::uint64_t keys = 10'000;
};

struct LoadResult {
  std::uint64_t operations = 0;
  std::uint64_t errors = 0;
  double seconds = 0;
  double p50_us = 0;
  double p99_us = 0;
};

/// Nothing if a connection could not be made or was lost; `complaint` says which.
std::optional<LoadResult> run_load(const LoadOptions& options, std::string& complaint);

}  // namespace nodedb::bench
