// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every config that the log window holds, with the index from which it is in force. A config takes effect
// when it is appended and ceases when it is truncated (thesis, section 4.1). Never empty: the first one is
// the config in force at the log's base.

#include "base/queue.h"
#include "raft/config.h"

namespace nodedb::raft {

class ConfigHistory {
 public:
  ConfigHistory(Index base, Config config) { steps_.push_back(Step{base, std::move(config)}); }

  const Config& latest() const { return steps_.back().config; }
  /// The index of the entry that brought the latest config, or the base's.
  Index latest_index() const { return steps_.back().since; }
  /// Pre: `at` is not below the base.
  const Config& at(Index at) const;

  void append(Index index, Config config);
  /// Forgets configs with index >= `from`. True if the latest one was among them.
  bool truncate_from(Index from);
  /// The base rises to `base`: earlier configs are forgotten but the one in force there.
  void compact_to(Index base);
  /// As after a snapshot: `config` is in force at `base`; later ones stay.
  void rebase(Index base, Config config);

 private:
  struct Step {
    Index since;
    Config config;
  };
  Queue<Step> steps_;
};

}  // namespace nodedb::raft
