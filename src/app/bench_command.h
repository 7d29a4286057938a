// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster bench`: a load on a live cluster, as its Redis clients would make it, and what came of it.

#include <cstdint>
#include <string>

#include "app/exit_code.h"
#include "app/output.h"
#include "app/redis_access.h"
#include "load/load.h"

namespace nodedb::app {

struct BenchWords {
  std::uint64_t clients = 16;  ///< connections
  std::uint64_t pipeline = 1;  ///< operations under way on each
  std::uint64_t value_bytes = 256;
  std::uint64_t reads = 50;  ///< percent
  std::uint64_t keys = 10'000;
  std::uint64_t vshards = vshard_count;
  double rate = 0;  ///< operations per second; 0: as fast as they are answered
  std::string duration = "10s";
  bool keep = false;  ///< the keys stay
};

/// Errors: malformed and too_large, naming the option.
Result<load::LoadOptions> load_of(const BenchWords& words);
Json bench_json(const BenchWords& words, const load::LoadResult& result);
std::string bench_text(const BenchWords& words, const load::LoadResult& result);
std::string progress_text(const load::LoadProgress& progress);

/// Progress goes to stderr, the result to stdout, also when it is interrupted; its keys are removed. Exit:
/// ok; failed if no operation was answered well.
Exit run_bench(const RedisWords& redis, const BenchWords& words, Output output);

}  // namespace nodedb::app
