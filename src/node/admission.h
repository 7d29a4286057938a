// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which of its clients' requests a node takes in, so that one that is taken is answered soon, and one that
// would not be is refused at once: with `busy`, which promises that it had no effect.
//
// By bytes: all requests under way together hold a bounded number of bytes. A vShard that has some under way
// may have no more than as much as is left (dynamic thresholds; Choudhury, Hahne 1998): a hot one alone gets
// half of the room, two get a third each, and whoever has nothing under way finds some.
// By time: once requests to a vShard, or to any vShard of one leader, are answered late for a while, only as
// many are under way as are answered in time (queue_limit.h). A leader that is overloaded has room for a
// vShard that has less than its share under way, unless such vShards alone are too many for it: one hot
// vShard does not make the others' requests fail.
//
// Pure; owned by the core thread, inside the gateway.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "base/limits.h"
#include "node/queue_limit.h"

namespace nodedb::node {

struct AdmissionOptions {
  /// For how long requests may take, in front of the core and behind it, before the node begins to refuse;
  /// 0: it never does.
  std::int64_t queue_time_ns = 500 * ns_per_ms;
  std::size_t requests_max = limits::requests_max;
  std::size_t bytes_max = limits::requests_bytes_max;  ///< with what a request takes beside its command
};

class Admission {
 public:
  /// What a request takes beside its command.
  static constexpr std::size_t overhead_bytes = 768;

  explicit Admission(const AdmissionOptions& options) : options_(options) {}

  struct Request {
    GroupId group;
    NodeId leader;  ///< 0: none is known; its time says nothing then
    std::size_t bytes = 0;
    Time arrived;  ///< at the edge
  };
  /// Errors: busy. Else the request counts until it has `left`.
  Result<void> admit(Time now, const Request& request);
  /// `answered`: at the first attempt and with a result.
  void left(Time now, const Request& request, bool answered);

  std::size_t bytes() const { return bytes_; }
  std::size_t requests() const { return requests_; }
  /// Requests refused so far.
  std::uint64_t refused() const { return refused_; }

 private:
  struct Line {
    explicit Line(std::int64_t target_ns) : limit(target_ns, group_floor) {}
    QueueLimit limit;
    std::size_t bytes = 0;
  };
  /// What is always let in: few enough to be answered soon by a leader that is slow, and more than what an
  /// unhurried client has under way.
  static constexpr std::size_t group_floor = 16;
  static constexpr std::size_t leader_floor = 64;
  static constexpr std::size_t leaderless_max = 4 * 1024;

  Line& line_of(GroupId group);
  QueueLimit& leader_of(const Request& request);
  std::optional<std::string> no_room(const Line& line, std::size_t bytes) const;
  std::optional<std::string> no_time(Time now, const Request& request, Line& line);

  AdmissionOptions options_;
  std::size_t requests_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t refused_ = 0;
  std::vector<Line> lines_;               ///< by group
  std::size_t lines_in_use_ = 0;          ///< those with requests under way
  std::map<NodeId, QueueLimit> leaders_;  ///< 0: of requests that came when none was known
};

}  // namespace nodedb::node
