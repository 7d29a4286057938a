// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/one_call.h"

#include <gnutls/crypto.h>
#include <netdb.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <optional>

#include "edge/quic/endpoint.h"

namespace nodedb::quic {
namespace {

class Exchange final : public Endpoint::Handler {
 public:
  Exchange(asio::io_context& loop, const tls::PeerIdentity& self, OneCall call)
      : loop_(loop), self_(self), call_(std::move(call)) {}

  std::optional<Result<Bytes>> result;
  bool request_sent = false;
  Endpoint* endpoint = nullptr;

  Result<void> admit(const Connection&, const tls::PeerIdentity& peer) override {
    // A newcomer knows its cluster by the pinned authority alone.
    if (!self_.cluster.is_nil() && peer.cluster != self_.cluster)
      return fail(Code::wrong_cluster, "the node belongs to another cluster");
    if (peer.role != tls::Role::node) return fail(Code::forbidden, "who answers there is not a node");
    return {};
  }

  void opened(Connection& connection) override {
    connection.raise_frame_limit(call_.answer_bytes_max);
    const auto stream = connection.open_stream(0);
    if (!stream) return finish(std::unexpected(stream.error()));
    connection.send(*stream, {call_.ask, std::move(call_.request), {}});
    connection.finish(*stream);
    request_sent = true;
    endpoint->touch(connection);
  }

  void received(Connection&, std::int64_t, wire::Frame frame) override {
    if (frame.kind != call_.answer) return finish(fail(Code::malformed, "the node answered something else"));
    finish(Bytes(frame.payload.view()));
  }

  void stream_ended(Connection&, std::int64_t) override {
    finish(fail(Code::malformed, "the node ended the stream without an answer"));
  }

  void closed(Connection& connection) override { finish(std::unexpected(failure(connection.reason()))); }

 private:
  static Error failure(const CloseReason& reason) {
    switch (reason.kind) {
      case CloseReason::Kind::refused:
        return {Code::unauthenticated, reason.text};
      case CloseReason::Kind::closed_by_peer:
        if (reason.code == CloseCode::busy) return {Code::busy, reason.text};
        if (reason.code == CloseCode::forbidden) return {Code::forbidden, reason.text};
        return {Code::unreachable, reason.text};
      case CloseReason::Kind::closed_here:
        return {Code::malformed, reason.text};
      case CloseReason::Kind::reset:
      case CloseReason::Kind::timeout:
      case CloseReason::Kind::error:
        return {Code::unreachable, reason.text};
    }
    return {Code::unreachable, reason.text};
  }

  void finish(Result<Bytes> outcome) {
    if (!result) result = std::move(outcome);
    loop_.stop();
  }

  asio::io_context& loop_;
  tls::PeerIdentity self_;
  OneCall call_;
};

Result<Address> find_address(const std::string& text) {
  const auto where = split_host_port(text);
  if (!where) return std::unexpected(where.error());
  if (auto address = Address::from_ip(where->host, where->port)) return address;
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* raw = nullptr;
  const int rv = ::getaddrinfo(where->host.c_str(), std::to_string(where->port).c_str(), &hints, &raw);
  if (rv != 0) return fail(Code::unreachable, text + ": " + gai_strerror(rv));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, ::freeaddrinfo);
  const addrinfo* chosen = found.get();
  for (const addrinfo* at = found.get(); at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET) {
      chosen = at;  // nodes listen on IPv4 unless told otherwise
      break;
    }
  }
  return Address(chosen->ai_addr, chosen->ai_addrlen);
}

}  // namespace

Result<Bytes> call_once(OneCall call, tls::Credentials credentials) {
  const auto to = find_address(call.address);
  if (!to) return std::unexpected(to.error());
  const auto any = Address::from_ip(to->family() == AF_INET6 ? "::" : "0.0.0.0", 0);
  EndpointOptions options;
  options.accept = false;
  options.newcomer = credentials.self().cluster.is_nil();
  gnutls_rnd(GNUTLS_RND_KEY, options.reset_secret.data(), options.reset_secret.size());
  const std::string address = call.address;
  const auto timeout_ns = call.timeout_ns;
  asio::io_context loop;
  Exchange exchange(loop, credentials.self(), std::move(call));
  auto endpoint = Endpoint::open(loop, *any, std::move(credentials), options, exchange);
  if (!endpoint) return std::unexpected(endpoint.error());
  exchange.endpoint = endpoint->get();
  if (auto dialled = (*endpoint)->dial(*to); !dialled) return std::unexpected(dialled.error());
  loop.run_for(std::chrono::nanoseconds(timeout_ns));
  (*endpoint)->shut_down();
  if (exchange.result) return std::move(*exchange.result);
  if (exchange.request_sent) return fail(Code::timeout, address + " did not answer in time");
  return fail(Code::unreachable, address + " does not answer");
}

}  // namespace nodedb::quic
