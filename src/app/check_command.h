// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster check`: readers and writers on few keys of a live cluster, and whether what they saw is
// linearizable (history/linearizability.h). Nodes may be killed and leaders change meanwhile: an operation
// whose outcome is not known may have happened, at any time, or not.

#include <cstdint>
#include <map>
#include <string>

#include "app/exit_code.h"
#include "app/output.h"
#include "app/redis_access.h"
#include "history/linearizability.h"

namespace nodedb::app {

struct CheckWords {
  std::uint64_t clients = 8;
  std::uint64_t keys = 24;  ///< at once; each second has its own
  std::string duration = "10s";
  std::string history;  ///< file for what was done and seen, for other checkers; empty: none
};

/// What came of it.
struct CheckReport {
  history::History history;
  history::Judgement judgement;
  std::map<std::string, std::uint64_t> codes;  ///< of operations that were refused or lost
  double seconds = 0;
};

/// Judges the history.
CheckReport report_of(history::History history);
Json check_json(const CheckReport& report);
std::string check_text(const CheckReport& report);
/// ok: linearizable. violated, failed: nobody can say within the checker's bounds. unreachable: nothing was
/// acknowledged.
Exit check_exit(const CheckReport& report);

/// Progress goes to stderr, the verdict to stdout, also when it is interrupted; its keys are removed.
Exit run_check(const RedisWords& redis, const CheckWords& words, Output output);

}  // namespace nodedb::app
