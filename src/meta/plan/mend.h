// SPDX-License-Identifier: Apache-2.0
#pragma once

// What comes before any balance: replicas that are dead, missing, too many, on nodes that leave, or closer
// together than zones ask. Each replica goes to the node that spreads its vShard best, among those to the one
// that has the fewest for its share.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "meta/plan/board.h"
#include "meta/plan/goods.h"
#include "meta/plan/journal.h"

namespace nodedb::meta {

class Mender {
 public:
  struct Unmet {
    std::uint32_t vshards = 0;
    VShardId first;
  };

  /// `copies_max`: stops before the journal has more steps.
  Mender(Board& board, Replicas& replicas, Journal& journal, const PlanOptions& options)
      : board_(board), replicas_(replicas), journal_(journal), options_(options) {}

  void mend();           ///< dead, missing, surplus: the most endangered vShards first
  void empty_leaving();  ///< in order of vShards
  bool spread();         ///< over zones, the most crowded first; whether any moved

  const std::map<Constraint, Unmet>& unmet() const { return unmet_; }

 private:
  bool full() const { return journal_.size() >= options_.copies_max; }
  bool is_faulty(std::uint32_t shard) const;
  void mend(std::uint32_t shard);
  void settle(std::uint32_t shard, std::uint32_t from, Why why);
  std::optional<std::uint32_t> target(std::uint32_t shard, std::uint32_t from) const;
  std::uint32_t victim(std::uint32_t shard) const;
  std::optional<Move> spreading(std::uint32_t shard) const;
  void complain(std::uint32_t shard);
  void count(Constraint constraint, std::uint32_t shard);

  Board& board_;
  Replicas& replicas_;
  Journal& journal_;
  const PlanOptions& options_;
  std::map<Constraint, Unmet> unmet_;
};

}  // namespace nodedb::meta
