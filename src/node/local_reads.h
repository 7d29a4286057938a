// SPDX-License-Identifier: Apache-2.0
#pragma once

// The reads that this node answers from its own replicas, and when each wants attention: its deadline has
// come, or its leader is to be asked. Pure.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/request_path.h"
#include "node/event.h"

namespace nodedb::node {

struct LocalRead {
  ClientRequest request;
  Time began;
  Time deadline;
  Time asked = long_ago;    ///< the round that it waits for; `long_ago`: none
  Time ask_at = never;      ///< when the leader is asked, again
  std::optional<Index> at;  ///< it waits until that is handed out
  Time fresh = long_ago;    ///< what was acknowledged before is in what it has seen
  ServedStages stages{};

  GroupId group() const { return group_of(request.vshard); }
  Time alarm() const { return std::min(deadline, ask_at); }
};

/// By token. A read that is there keeps its deadline.
class LocalReads {
 public:
  std::size_t size() const { return reads_.size(); }
  /// Null: it has been answered.
  LocalRead* find(std::uint64_t token) {
    const auto at = reads_.find(token);
    return at == reads_.end() ? nullptr : &at->second;
  }
  std::vector<std::uint64_t> of(GroupId group) const {
    std::vector<std::uint64_t> tokens;
    for (const auto& [token, read] : reads_)
      if (read.group() == group) tokens.push_back(token);
    return tokens;
  }
  /// When the first of them wants attention.
  Time alarm() const { return alarms_.empty() ? never : alarms_.begin()->first; }
  /// One that wants it by then.
  std::optional<std::uint64_t> due(Time now) const {
    if (alarm() > now) return std::nullopt;
    return alarms_.begin()->second;
  }

  /// Pre: the token is not there yet.
  LocalRead& add(std::uint64_t token, LocalRead read) {
    alarms_.emplace(read.alarm(), token);
    return reads_.emplace(token, std::move(read)).first->second;
  }
  /// Its leader is to be asked then. Pre: it is there.
  LocalRead& ask_at(std::uint64_t token, Time at) {
    LocalRead& read = reads_.at(token);
    alarms_.erase({read.alarm(), token});
    read.ask_at = at;
    alarms_.emplace(read.alarm(), token);
    return read;
  }
  /// Pre: it is there.
  LocalRead take(std::uint64_t token) {
    LocalRead read = std::move(reads_.extract(token).mapped());
    alarms_.erase({read.alarm(), token});
    return read;
  }

 private:
  std::map<std::uint64_t, LocalRead> reads_;
  std::set<std::pair<Time, std::uint64_t>> alarms_;
};

}  // namespace nodedb::node
