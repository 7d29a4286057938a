// SPDX-License-Identifier: Apache-2.0
// Machines without a certificate: how many, how often and for how long, and what they may say. Everything
// here is reached by strangers; what they cannot get past is refused here, with a reason, and the node
// hears no more of it than a note.
#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/quic/transport_impl.h"
#include "edge/tls/digest.h"
#include "edge/tls/signing.h"

namespace nodedb::quic {
namespace {

Result<JoinAsk> judge(wire::JoinRequest request, std::string from) {
  const auto judged = tls::judge_signing_request(request.signing_request);
  if (!judged) return std::unexpected(judged.error());
  if (judged->node != request.node || judged->key_is_node != request.node)
    return fail(Code::unauthenticated, "the node's UUID is not the one that its key gives it");
  if (!request.name.empty() && !tls::valid_name(request.name))
    return fail(Code::malformed, "a name is 1 to 64 letters, digits, '.', '_' or '-'");
  return JoinAsk{request.token,           tls::sha256(request.secret), request.node,
                 std::move(request.name), std::move(request.hosts),    std::move(request.signing_request),
                 std::move(from)};
}

}  // namespace

void Transport::Impl::newcomer_opened(const Connection& connection) {
  const auto now_ns = edge::monotonic_time().ns;
  // The handshake has shown that the address is real. Who finds no room has come all the same.
  const bool may_come = gate.pass(host_of(connection.remote()), now_ns);
  if (!may_come || newcomers.size() >= options.door.newcomers_max) {
    ++counted.joins_refused;
    return close_connection(connection.number(), CloseCode::busy, "too many machines want to join");
  }
  newcomers[connection.number()].close_by_ns = now_ns + options.door.request_timeout_ns;
  plan_changed();
}

void Transport::Impl::newcomer_asked(Connection& connection, std::int64_t stream, const wire::Frame& frame) {
  const auto at = newcomers.find(connection.number());
  if (at == newcomers.end()) return;
  auto& newcomer = at->second;
  if (frame.kind != wire::FrameKind::join_request || newcomer.request != 0) {
    ++counted.joins_refused;
    return bad_input(connection, "a newcomer may ask to join, once");
  }
  auto request = wire::decode_join_request(frame.payload.view());
  if (!request) {
    ++counted.joins_refused;
    return bad_input(connection, request.error().detail);
  }
  newcomer.stream = stream;
  newcomer.request = next_request++;
  newcomer.close_by_ns = edge::monotonic_time().ns + options.door.answer_timeout_ns;
  const auto id = newcomer.request;
  auto ask = judge(std::move(*request), connection.remote().text());
  if (!ask) {
    ++counted.joins_refused;
    warn_about(connection, "a request to join is refused", ask.error().detail);
    if (callbacks.turned_away)
      callbacks.turned_away(host_of(connection.remote()), "a request to join: " + ask.error().detail);
    return answer_newcomer(id, wire::JoinRefusal{ask.error(), {}});
  }
  ++counted.joins_asked;
  log::info(
      "a machine asks to join",
      {{"token", text(ask->token)}, {"node", ask->node.text()}, {"name", ask->name}, {"from", ask->from}});
  plan_changed();
  callbacks.join_request(id, std::move(*ask));
}

void Transport::Impl::answer_newcomer(std::uint64_t id, const wire::JoinAnswer& answer) {
  for (auto& [number, newcomer] : newcomers) {
    if (newcomer.request != id || std::exchange(newcomer.answered, true)) continue;
    auto* connection = endpoint->find(number);
    if (connection == nullptr || !connection->has_stream(newcomer.stream)) return;
    newcomer.close_by_ns = edge::monotonic_time().ns + options.door.farewell_timeout_ns;
    connection->send(newcomer.stream, {wire::FrameKind::join_answer, wire::encode(answer), {}});
    connection->finish(newcomer.stream);
    endpoint->touch(*connection);
    return plan_changed();
  }
}

void Transport::Impl::close_late_newcomers(std::int64_t now_ns) {
  std::vector<std::uint64_t> late;
  for (const auto& [number, newcomer] : newcomers)
    if (newcomer.close_by_ns <= now_ns) late.push_back(number);
  for (const auto number : late) {
    newcomers.erase(number);
    close_connection(number, CloseCode::busy, "it took too long");
  }
}

}  // namespace nodedb::quic
