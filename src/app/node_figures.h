// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that a process can tell about itself at one moment: the core's status and what only the threads around
// it know. What the HTTP port's answers are made of. Plain values.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "app/operator_protocol.h"
#include "base/error.h"
#include "node/status.h"
#include "wire/vitals_messages.h"

namespace nodedb::app {

/// Clients' requests to vShards by how they ended, since the start.
class RequestCounts {
 public:
  void ended(const Result<Blob>& result) { ++counts_[result ? 0 : place(result.error().code)]; }
  std::uint64_t ok() const { return counts_[0]; }
  std::uint64_t of(Code code) const { return counts_[place(code)]; }

 private:
  static std::size_t place(Code code) { return static_cast<std::size_t>(code) + 1; }
  std::array<std::uint64_t, static_cast<std::size_t>(Code::over_budget) + 2> counts_{};
};

/// Of the Redis port, since the start.
struct ClientCounts {
  std::uint64_t connections = 0;  ///< now
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;
  std::uint64_t connections_evicted = 0;
  std::uint64_t commands = 0;
  std::uint64_t error_replies = 0;
};

/// Of the requests whose time was taken (app/vitals_keeper.h), since the start.
struct AnswerTimes {
  std::uint64_t count = 0;
  std::uint64_t us = 0;  ///< all together
};

struct NodeFigures {
  node::Status status;
  AnswerSurroundings around;
  RequestCounts requests;
  std::uint64_t slow_requests = 0;  ///< of its own clients, since the start
  ClientCounts clients;
  std::map<Uuid, wire::Vitals> vitals;  ///< of the members that have told theirs lately, and its own
  AnswerTimes answer_times;
  std::uint64_t peer_pauses = 0;  ///< how often peers had to wait for the core
  std::int64_t wall_ms = 0;
  std::int64_t started_ms = 0;        ///< wall clock
  double cpu_seconds = 0;             ///< of the process
  std::int64_t disk_free_bytes = -1;  ///< -1: not known
  std::string_view version;
};

}  // namespace nodedb::app
