// SPDX-License-Identifier: Apache-2.0
// Operator requests: one frame in, one frame out, on a stream of its own.
#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/quic/transport_impl.h"

namespace nodedb::quic {

void Transport::Impl::operator_received(Connection& connection, std::int64_t stream, wire::Frame frame) {
  if (frame.kind != wire::FrameKind::operator_request) {
    return bad_input(connection, "an operator may send operator requests only");
  }
  if (auto fine = connection.judge_again(); !fine)
    return close_connection(connection.number(), CloseCode::untrusted, fine.error().detail);
  for (const auto& [id, request] : requests) {
    if (request.connection == connection.number() && request.stream == stream) {
      return bad_input(connection, "a second request on one stream");
    }
  }
  if (requests.size() >= limits::operator_requests_max || !callbacks.operator_request) {
    return close_connection(connection.number(), CloseCode::busy, "too many operator requests");
  }
  const auto id = next_request++;
  requests.emplace(id, OperatorRequest{connection.number(), stream});
  log::info("operator request",
            {{"operator", connection.peer()->name}, {"from", connection.remote().text()}});
  callbacks.operator_request(id, connection.peer()->name, Bytes(frame.payload.view()));
}

void Transport::Impl::answer(std::uint64_t id, Bytes response) {
  const auto at = requests.find(id);
  if (at == requests.end()) return;
  const auto request = at->second;
  requests.erase(at);
  auto* connection = endpoint->find(request.connection);
  if (connection == nullptr || !connection->has_stream(request.stream)) return;
  if (response.size() > limits::frame_bytes_max) {
    return close_connection(request.connection, CloseCode::internal, "the response is too large");
  }
  connection->send(request.stream, {wire::FrameKind::operator_response, std::move(response), {}});
  connection->finish(request.stream);
  endpoint->touch(*connection);
}

void Transport::Impl::forget_operator(std::uint64_t connection) {
  std::erase_if(requests, [connection](const auto& entry) { return entry.second.connection == connection; });
}

}  // namespace nodedb::quic
