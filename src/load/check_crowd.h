// SPDX-License-Identifier: Apache-2.0
#pragma once

// The clients of a check, a thread each, joined whatever happens.

#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "load/check_client.h"

namespace nodedb::load {

class CheckCrowd {
 public:
  /// They begin at once. `stage` outlives it.
  CheckCrowd(CheckStage& stage, Rng& rng, std::uint64_t clients);
  ~CheckCrowd() { stop(); }
  CheckCrowd(const CheckCrowd&) = delete;
  CheckCrowd& operator=(const CheckCrowd&) = delete;

  /// The stage is over; waits for what is under way.
  void stop();
  // Once it has stopped:
  history::History take_history();
  std::map<std::string, std::uint64_t> codes() const;

 private:
  CheckStage& stage_;
  std::list<CheckClient> clients_;
  std::vector<std::thread> threads_;
};

}  // namespace nodedb::load
