// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/transport.h"

#include <gnutls/crypto.h>

#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/quic/transport_impl.h"

namespace nodedb::quic {
namespace {

/// Bundles are cut into frames of about this size: small enough that control frames slip in between.
constexpr std::size_t frame_payload_bytes = 64 * 1024;

std::uint64_t luck() {
  std::uint64_t seed = 0;
  gnutls_rnd(GNUTLS_RND_NONCE, &seed, sizeof seed);
  return seed;
}

EndpointOptions endpoint_options(const TransportOptions& options, bool open_door) {
  EndpointOptions made;
  made.open_door = open_door;
  made.versions = options.versions;
  made.reset_secret = options.reset_secret;
  made.idle_timeout_ns = options.idle_timeout_ns;
  made.handshake_timeout_ns = options.handshake_timeout_ns;
  made.connections_max = options.connections_max;
  made.handshakes_max = options.handshakes_max;
  made.handshakes_before_retry = options.handshakes_before_retry;
  return made;
}

}  // namespace

Transport::Impl::Impl(asio::io_context& io, TransportOptions given, TransportCallbacks to)
    : loop(io),
      options(std::move(given)),
      callbacks(std::move(to)),
      plan({}, options.dialling, 0),
      timer(io),
      resolver(io),
      gate(options.door) {}

Transport::Impl::~Impl() = default;

Transport::Transport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Transport::~Transport() {
  close();
}

Result<std::unique_ptr<Transport>> Transport::open(asio::io_context& loop, TransportOptions options,
                                                   TransportCallbacks callbacks) {
  auto credentials = tls::Credentials::load(options.certs, tls::Holder::node);
  if (!credentials) return std::unexpected(credentials.error());
  if (options.cluster && *options.cluster != credentials->self().cluster) {
    return fail(Code::wrong_cluster, options.certs + "/node.crt belongs to cluster " +
                                         credentials->self().cluster.text() + ", not to " +
                                         options.cluster->text());
  }
  const auto where = split_host_port(options.listen);
  if (!where) return std::unexpected(where.error());
  const auto address = Address::from_ip(where->host, where->port);
  if (!address) return std::unexpected(address.error());
  auto impl = std::make_unique<Impl>(loop, std::move(options), std::move(callbacks));
  impl->own = credentials->self();
  impl->plan = DialPlan(impl->own.node, impl->options.dialling, luck());
  const bool door = static_cast<bool>(impl->callbacks.join_request);
  auto endpoint =
      Endpoint::open(loop, *address, std::move(*credentials), endpoint_options(impl->options, door), *impl);
  if (!endpoint) return std::unexpected(endpoint.error());
  impl->endpoint = std::move(*endpoint);
  log::info("listening", {{"address", impl->endpoint->local().text()}, {"node", impl->own.node.text()}});
  return std::unique_ptr<Transport>(new Transport(std::move(impl)));
}

const tls::PeerIdentity& Transport::self() const {
  return impl_->own;
}

std::string Transport::local_address() const {
  return impl_->endpoint->local().text();
}

void Transport::set_peers(std::vector<PeerAddress> peers) {
  impl_->plan.set_peers(peers, edge::monotonic_time().ns);
  impl_->plan_changed();
}

void Transport::set_seeds(std::vector<std::string> addresses) {
  impl_->plan.set_seeds(addresses, edge::monotonic_time().ns);
  impl_->plan_changed();
}

void Transport::forbid(std::set<Uuid> removed) {
  impl_->removed = std::move(removed);
  impl_->close_removed();
}

const tls::Credentials& Transport::credentials() const {
  return impl_->endpoint->credentials();
}

Result<void> Transport::use_credentials(tls::Credentials next) {
  const auto untrusted = impl_->endpoint->exchange_credentials(std::move(next));
  if (!untrusted) return std::unexpected(untrusted.error());
  for (const auto& [number, why] : *untrusted) {
    // What an operator has asked is answered, be it the request that has led to this; nothing more is heard.
    const Connection* connection = impl_->endpoint->find(number);
    if (connection->peer() && connection->peer()->role == tls::Role::operator_) continue;
    impl_->close_connection(number, CloseCode::untrusted, why.detail);
  }
  return {};
}

bool Transport::connected(const Uuid& peer) const {
  return impl_->is_connected(peer);
}

bool Transport::send(const Uuid& peer, const wire::PeerMessage& message) {
  const auto at = impl_->current.find(peer);
  if (at == impl_->current.end() || impl_->stopped) {
    ++impl_->counted.dropped_unconnected;
    return false;
  }
  auto& link = impl_->links.at(at->second);
  if (wire::rides_datagram(message) && impl_->send_datagram(link, message)) return true;
  const auto stream_class = wire::stream_class(message);
  return wire::encode_frames(message, frame_payload_bytes, [&](wire::EncodedMessage frame) {
    return impl_->enqueue(link, stream_class, std::move(frame));
  });
}

void Transport::answer_operator(std::uint64_t id, Bytes response) {
  impl_->answer(id, std::move(response));
}

void Transport::answer_join(std::uint64_t id, const wire::JoinAnswer& answer) {
  impl_->answer_newcomer(id, answer);
}

void Transport::pause_reading(bool paused) {
  impl_->paused = paused;
  for (const auto& [number, link] : impl_->links) {
    auto* connection = impl_->endpoint->find(number);
    if (connection == nullptr) continue;
    connection->pause(paused);
    impl_->endpoint->touch(*connection);
  }
}

void Transport::limit_send_queues(SendQueueLimits limits) {
  impl_->options.send_queues = limits;
}

TransportStats Transport::stats() const {
  auto stats = impl_->counted;
  const auto below = impl_->endpoint->stats();
  stats.peers = impl_->current.size();
  stats.connections = below.connections;
  stats.handshakes = below.handshakes;
  stats.datagrams_received = below.datagrams_received;
  stats.bytes_received = below.bytes_received;
  stats.packets_sent = below.packets_sent;
  stats.bytes_sent = below.bytes_sent;
  stats.unroutable = below.unroutable;
  stats.resets_sent = below.resets_sent;
  stats.retries_sent = below.retries_sent;
  stats.refused += below.connections_refused;
  for (const auto& [number, link] : impl_->links) {
    const Connection* const connection = impl_->endpoint->find(number);
    for (const wire::StreamClass stream_class : wire::stream_classes) {
      const auto which = stream_class == wire::StreamClass::log ? wire::Counted::all : wire::Counted::copied;
      stats.queued_bytes += Impl::queued_bytes(link.lane(stream_class), connection, which);
    }
  }
  return stats;
}

void Transport::close() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->timer.cancel();
  impl_->resolver.cancel();
  impl_->endpoint->shut_down();
}

}  // namespace nodedb::quic
