// SPDX-License-Identifier: Apache-2.0
// Whose path is told, as base/request_path.h says. The gateway tells what it knows of clients' requests; here
// are the leader's side and reads of the own replica.
#include <utility>

#include "node/state.h"

namespace nodedb::node {

/// In the step in which it was answered.
void Node::State::tell_path(RequestPath path) {
  path.answered = now.mono;
  path.answered_at = now.wall;
  path.slow = path_filter.slow(path.took_ns());
  turn.paths.push_back(std::move(path));
}

/// Of what another node has asked, or nobody here waits for any more.
void Node::State::tell_served(const Origin& origin, const wire::ForwardReply& answer,
                              const ServedStages* stages) {
  if (answer.group == metadata_group) return;  // nobody's but the nodes' own
  RequestPath path;
  path.side = RequestPath::Side::leader;
  path.trace = origin.trace;
  path.write = origin.write;
  path.vshard = vshard_of(answer.group);
  path.asked = origin.gateway;
  path.served_by = self;
  path.number = origin.request;
  if (!answer.result) path.error = answer.result.error().code;
  path.received = path.taken = origin.came;
  if (stages != nullptr) path.served = *stages;
  tell_path(std::move(path));
}

void Node::State::tell_read_here(const LocalRead& read, const Result<Blob>& result) {
  const ClientRequest& request = read.request;
  const Time received = request.arrived.value_or(read.began);
  if (!path_filter.tells(request.trace, now.mono - received)) return;
  RequestPath path;
  path.trace = request.trace;
  path.vshard = request.vshard;
  path.asked = path.served_by = self;
  if (!result) path.error = result.error().code;
  path.received = received;
  path.taken = path.sent = read.began;
  path.served = read.stages;
  tell_path(std::move(path));
}

}  // namespace nodedb::node
