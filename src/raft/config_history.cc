// SPDX-License-Identifier: Apache-2.0
#include "raft/config_history.h"

#include "base/check.h"

namespace nodedb::raft {

const Config& ConfigHistory::at(Index at) const {
  auto step = steps_.rbegin();
  while (step != steps_.rend() && step->since > at) ++step;
  CHECK(step != steps_.rend());
  return step->config;
}

void ConfigHistory::append(Index index, Config config) {
  CHECK(index > steps_.back().since);
  steps_.push_back(Step{index, std::move(config)});
}

bool ConfigHistory::truncate_from(Index from) {
  bool dropped = false;
  while (steps_.size() > 1 && steps_.back().since >= from) {
    steps_.pop_back();
    dropped = true;
  }
  return dropped;
}

void ConfigHistory::compact_to(Index base) {
  while (steps_.size() > 1 && steps_[1].since <= base) steps_.pop_front();
}

void ConfigHistory::rebase(Index base, Config config) {
  while (!steps_.empty() && steps_.front().since <= base) steps_.pop_front();
  steps_.push_front(Step{base, std::move(config)});
}

}  // namespace nodedb::raft
