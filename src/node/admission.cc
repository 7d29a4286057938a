// SPDX-License-Identifier: Apache-2.0
#include "node/admission.h"

#include <algorithm>
#include <utility>

namespace nodedb::node {

Result<void> Admission::admit(Time now, const Request& request) {
  const std::size_t bytes = request.bytes + overhead_bytes;
  Line& line = line_of(request.group);
  auto why_not = no_room(line, bytes);
  if (!why_not) why_not = no_time(now, request, line);
  if (why_not) {
    ++refused_;
    return fail(Code::busy, std::move(*why_not));
  }
  if (line.limit.under_way() == 0) ++lines_in_use_;
  line.limit.admitted();
  line.bytes += bytes;
  bytes_ += bytes;
  ++requests_;
  leader_of(request).admitted();
  return {};
}

void Admission::left(Time now, const Request& request, bool answered) {
  const std::size_t bytes = request.bytes + overhead_bytes;
  Line& line = line_of(request.group);
  const auto took = answered && request.leader != NodeId() && options_.queue_time_ns > 0
                        ? std::optional(now - request.arrived)
                        : std::nullopt;
  bytes_ -= bytes;
  --requests_;
  line.bytes -= bytes;
  line.limit.left(now, took);
  if (line.limit.under_way() == 0) --lines_in_use_;
  leader_of(request).left(now, took);
}

Admission::Line& Admission::line_of(GroupId group) {
  if (group.value >= lines_.size()) lines_.resize(group.value + 1, Line(options_.queue_time_ns));
  return lines_[group.value];
}

QueueLimit& Admission::leader_of(const Request& request) {
  return leaders_.try_emplace(request.leader, options_.queue_time_ns, leader_floor).first->second;
}

/// Why there is no room for so many bytes more; nothing if there is.
std::optional<std::string> Admission::no_room(const Line& line, std::size_t bytes) const {
  if (requests_ >= options_.requests_max || bytes_ + bytes > options_.bytes_max)
    return "this node holds as many requests as it may";
  if (line.limit.under_way() == 0) return std::nullopt;
  const bool fair = line.limit.under_way() < options_.requests_max - requests_ &&
                    line.bytes + bytes <= options_.bytes_max - bytes_;
  if (fair) return std::nullopt;
  return "this node holds as many requests to the vShard as it may";
}

/// Why it would not be answered in time; nothing if it would.
std::optional<std::string> Admission::no_time(Time now, const Request& request, Line& line) {
  if (options_.queue_time_ns == 0) return std::nullopt;
  if (line.limit.full()) {
    line.limit.refused();
    return "the vShard does not keep up with its requests";
  }
  QueueLimit& leader = leader_of(request);
  // All of them go out at once when there is a leader.
  if (request.leader == NodeId() && leader.under_way() >= leaderless_max)
    return "too many requests wait for leaders to be elected";
  const bool waited = leader.overloaded() && now - request.arrived > options_.queue_time_ns;
  if (!waited && !leader.full()) return std::nullopt;
  const std::size_t under_way = line.limit.under_way();
  const std::size_t share = leader.limit() / std::max<std::size_t>(1, lines_in_use_);
  const bool modest = under_way == 0 || under_way < share;
  if (modest && lines_in_use_ / 2 < leader.limit()) return std::nullopt;
  leader.refused();
  return waited ? "the request waited too long for this node" : "the vShard's leader does not keep up";
}

}  // namespace nodedb::node
