// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the leaders of vShards have told about them (wire/load_messages.h), on the leader of group 0, for the
// planner. Nothing is known until everybody has had the time to tell: half a picture looks like a cluster out
// of balance. Pure.

#include <map>

#include "base/ids.h"
#include "base/time.h"
#include "meta/plan/plan.h"
#include "wire/load_messages.h"

namespace nodedb::node {

class LoadBook {
 public:
  /// Everybody tells the newcomer within half of it.
  static constexpr std::int64_t gathering_ns = 60 * ns_per_s;

  explicit LoadBook(Time begun = Time{}) : begun_(begun) {}

  void note(const wire::VShardLoad& told) {
    loads_.insert_or_assign(told.vshard, meta::ShardLoad{told.bytes, told.writes, told.reads, 0});
  }

  /// Everybody has had the time to tell.
  bool complete(Time now) const { return now - begun_ >= gathering_ns; }

  meta::ShardLoad of(Time now, VShardId vshard) const {
    if (!complete(now)) return {};
    const auto at = loads_.find(vshard);
    return at == loads_.end() ? meta::ShardLoad() : at->second;
  }

 private:
  Time begun_;
  std::map<VShardId, meta::ShardLoad> loads_;
};

}  // namespace nodedb::node
