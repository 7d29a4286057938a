// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/endpoint.h"

#include <gnutls/crypto.h>

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <utility>

#include "base/time.h"
#include "edge/base/clock.h"

namespace nodedb::quic {
namespace {

/// Rounds of writing before the loop looks at what has arrived.
constexpr int write_rounds_max = 4;
/// Nothing is expected within it: no acknowledgement, no probe.
constexpr std::int64_t rest_ns = 20 * ns_per_ms;

std::int64_t clock_ns() {
  return edge::monotonic_time().ns;
}

}  // namespace

struct Endpoint::Loop {
  asio::io_context& io;
  asio::posix::stream_descriptor descriptor;
  asio::steady_timer timer;
  std::int64_t armed_ns = never.ns;
  bool turn_scheduled = false;
  bool turn_begun = false;  ///< what is touched now is looked at in this turn
  bool waiting_writable = false;
  // Handlers that asio still holds when the endpoint dies must find out: they keep a weak reference to this.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);

  Loop(asio::io_context& loop, int descriptor_number)
      : io(loop), descriptor(loop, descriptor_number), timer(loop) {}
};

Endpoint::Endpoint(asio::io_context& loop, UdpSocket socket, tls::Credentials credentials,
                   EndpointOptions options, Handler& handler)
    : loop_(std::make_unique<Loop>(loop, socket.release())),
      socket_(std::move(socket)),
      sink_(socket_),
      options_(options),
      handler_(handler),
      now_ns_(clock_ns()) {
  shared_.credentials = std::make_shared<const tls::Credentials>(std::move(credentials));
  shared_.alpn = options_.newcomer ? std::vector{std::string(join_alpn)} : alpn_names(options_.versions);
  shared_.open_door = options_.open_door;
  shared_.reset_secret = options_.reset_secret;
  shared_.windows = options_.windows;
  shared_.idle_timeout_ns = options_.idle_timeout_ns;
  shared_.handshake_timeout_ns = options_.handshake_timeout_ns;
  gnutls_rnd(GNUTLS_RND_NONCE, shared_.instance.data(), shared_.instance.size());
  gnutls_rnd(GNUTLS_RND_KEY, retry_secret_.data(), retry_secret_.size());
}

Endpoint::~Endpoint() {
  shut_down();
  connections_.clear();  // while routes_ still lives: connections take their routes away
}

Result<std::unique_ptr<Endpoint>> Endpoint::open(asio::io_context& loop, const Address& listen,
                                                 tls::Credentials credentials, EndpointOptions options,
                                                 Handler& handler) {
  auto socket = UdpSocket::open(listen);
  if (!socket) return std::unexpected(socket.error());
  std::unique_ptr<Endpoint> made(
      new Endpoint(loop, std::move(*socket), std::move(credentials), options, handler));
  made->wait_readable();
  return made;
}

const Address& Endpoint::local() const {
  return socket_.local();
}

const tls::Credentials& Endpoint::credentials() const {
  return *shared_.credentials;
}

Result<std::vector<Endpoint::Untrusted>> Endpoint::exchange_credentials(tls::Credentials next) {
  if (auto fine = shared_.credentials->accepts(next); !fine) return std::unexpected(fine.error());
  shared_.credentials = std::make_shared<const tls::Credentials>(std::move(next));
  std::vector<Untrusted> untrusted;
  for (const auto& [number, entry] : connections_) {
    if (!entry.connection->alive() || !entry.connection->peer()) continue;
    if (auto fine = entry.connection->judge_again(); !fine) untrusted.push_back({number, fine.error()});
  }
  return untrusted;
}

Result<std::uint64_t> Endpoint::dial(const Address& to) {
  if (shut_) return fail(Code::stopping, "the transport is closed");
  if (connections_.size() >= options_.connections_max) return fail(Code::busy, "too many connections");
  now_ns_ = clock_ns();
  auto made =
      Connection::dial(*this, shared_, next_number_, local(), to.for_family(local().family()), now_ns_);
  if (!made) return std::unexpected(made.error());
  return keep(std::move(*made)).number();
}

Connection& Endpoint::keep(std::unique_ptr<Connection> connection) {
  auto& kept = *connection;
  const auto number = next_number_++;
  Entry entry{.connection = std::move(connection), .deadline_ns = kept.deadline_ns()};
  entry.handshaking = kept.side() == Side::acceptor;
  handshakes_ += entry.handshaking ? 1 : 0;
  deadlines_.emplace(entry.deadline_ns, number);
  connections_.emplace(number, std::move(entry));
  touch_number(number);
  return kept;
}

Connection* Endpoint::find(std::uint64_t number) {
  const auto at = connections_.find(number);
  if (at == connections_.end() || !at->second.connection->alive()) return nullptr;
  return at->second.connection.get();
}

void Endpoint::touch(Connection& connection) {
  touch_number(connection.number());
}

void Endpoint::touch_number(std::uint64_t number) {
  const auto at = connections_.find(number);
  if (at == connections_.end()) return;
  if (!std::exchange(at->second.touched, true)) touched_.push_back(number);
  schedule_turn();
}

Result<void> Endpoint::admit(const Connection& connection, const tls::PeerIdentity& peer) {
  return handler_.admit(connection, peer);
}

void Endpoint::add_route(const ngtcp2_cid& id, Connection& connection) {
  routes_[std::string(reinterpret_cast<const char*>(id.data), id.datalen)] = connection.number();
}

void Endpoint::remove_route(const ngtcp2_cid& id) {
  routes_.erase(std::string(reinterpret_cast<const char*>(id.data), id.datalen));
}

void Endpoint::datagram(const Address& from, std::span<const std::uint8_t> bytes) {
  ++stats_.datagrams_received;
  stats_.bytes_received += bytes.size();
  ngtcp2_version_cid ids{};
  const int rv = ngtcp2_pkt_decode_version_cid(&ids, bytes.data(), bytes.size(), connection_id_bytes);
  if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) {
    if (options_.accept && bytes.size() >= NGTCP2_MAX_UDP_PAYLOAD_SIZE) send_version_negotiation(from, ids);
    return;
  }
  if (rv != 0) {
    ++stats_.unroutable;
    return;
  }
  const auto route = routes_.find(std::string(reinterpret_cast<const char*>(ids.dcid), ids.dcidlen));
  if (route == routes_.end()) return unroutable(from, bytes, ids);
  const auto number = route->second;
  const auto at = connections_.find(number);
  if (at == connections_.end()) return;
  at->second.connection->read(from, bytes, now_ns_);
  touch_number(number);
}

void Endpoint::wait_readable() {
  loop_->descriptor.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [this, alive = std::weak_ptr<bool>(loop_->alive)](const std::error_code& error) {
        if (error || alive.expired() || shut_) return;
        on_readable();
      });
}

void Endpoint::on_readable() {
  now_ns_ = clock_ns();
  loop_->turn_begun = true;
  const bool more = socket_.receive(*this);
  turn();
  if (shut_) return;
  if (!more) return wait_readable();
  // Let the loop's other work have its turn before reading on.
  asio::post(loop_->io, [this, alive = std::weak_ptr<bool>(loop_->alive)] {
    if (!alive.expired() && !shut_) on_readable();
  });
}

void Endpoint::wait_writable() {
  if (std::exchange(loop_->waiting_writable, true)) return;
  loop_->descriptor.async_wait(
      asio::posix::stream_descriptor::wait_write,
      [this, alive = std::weak_ptr<bool>(loop_->alive)](const std::error_code& error) {
        if (error || alive.expired() || shut_) return;
        loop_->waiting_writable = false;
        now_ns_ = clock_ns();
        sink_.resume();
        turn();
      });
}

void Endpoint::schedule_turn() {
  if (shut_ || loop_->turn_begun || std::exchange(loop_->turn_scheduled, true)) return;
  asio::post(loop_->io, [this, alive = std::weak_ptr<bool>(loop_->alive)] {
    if (alive.expired() || shut_) return;
    loop_->turn_scheduled = false;
    now_ns_ = clock_ns();
    turn();
  });
}

void Endpoint::turn() {
  loop_->turn_begun = true;
  // Delivering may queue more on any connection, so what is touched is looked at by index.
  for (std::size_t i = 0; i < touched_.size() && !shut_; ++i) {
    const auto at = connections_.find(touched_[i]);
    if (at != connections_.end()) deliver(*at->second.connection);
  }
  loop_->turn_begun = false;
  if (shut_) return;
  write_touched();
  arm();
}

void Endpoint::deliver(Connection& connection) {
  auto& entry = connections_.at(connection.number());
  if (entry.handshaking && (connection.peer() || connection.open())) {
    entry.handshaking = false;
    --handshakes_;
  }
  std::vector<ConnectionEvent> events = std::exchange(spare_events_, {});
  connection.take_events(events);
  for (ConnectionEvent& event : events) {
    if (shut_) return;
    // What a peer said before it left still counts; what comes after our own close does not.
    if (!connection.alive() && connection.reason().kind == CloseReason::Kind::closed_here) break;
    if (std::holds_alternative<Opened>(event)) handler_.opened(connection);
    if (auto* received = std::get_if<Received>(&event)) {
      handler_.received(connection, received->stream, std::move(received->frame));
    }
    if (const auto* ended = std::get_if<StreamEnded>(&event))
      handler_.stream_ended(connection, ended->stream);
  }
  events.clear();
  spare_events_ = std::move(events);
  if (shut_ || connection.alive() || std::exchange(entry.reported_closed, true)) return;
  handler_.closed(connection);
}

void Endpoint::write_touched() {
  auto work = std::exchange(touched_, {});
  for (int round = 0; !work.empty(); ++round) {
    std::vector<std::uint64_t> again;
    for (const auto number : work) {
      auto& entry = connections_.at(number);
      const auto written = entry.connection->write(sink_, now_ns_);
      if (written == Connection::Written::all) {
        entry.touched = false;
        settle(*entry.connection);
      } else {
        again.push_back(number);
      }
    }
    sink_.flush();
    work = std::move(again);
    if (sink_.blocked() || round == write_rounds_max) break;
  }
  if (sink_.blocked()) wait_writable();
  if (!work.empty()) {
    for (const auto number : work) set_deadline(*connections_.at(number).connection);
    touched_.insert(touched_.end(), work.begin(), work.end());
    if (!sink_.blocked()) schedule_turn();
  }
}

/// Nothing is left to write: note the deadline, or forget the connection if it is over and reported.
void Endpoint::settle(Connection& connection) {
  const auto number = connection.number();
  auto& entry = connections_.at(number);
  if (!connection.alive() && !entry.reported_closed) return touch_number(number);
  if (!connection.dead()) return set_deadline(connection);
  if (entry.handshaking) --handshakes_;
  deadlines_.erase({entry.deadline_ns, number});
  connections_.erase(number);
}

void Endpoint::set_deadline(Connection& connection) {
  const auto number = connection.number();
  auto& entry = connections_.at(number);
  const auto deadline_ns = connection.deadline_ns();
  if (deadline_ns == entry.deadline_ns) return;
  deadlines_.erase({entry.deadline_ns, number});
  entry.deadline_ns = deadline_ns;
  deadlines_.emplace(deadline_ns, number);
}

/// A timer that is set too early only wakes once for nothing; setting it anew each turn would cost a system
/// call. When all have come to rest, that wake-up is what costs.
void Endpoint::arm() {
  const auto next_ns = deadlines_.empty() ? never.ns : deadlines_.begin()->first;
  const bool at_rest = next_ns - now_ns_ > rest_ns && loop_->armed_ns - now_ns_ < rest_ns;
  if (next_ns >= loop_->armed_ns && !at_rest) return;
  loop_->armed_ns = next_ns;
  loop_->timer.expires_at(edge::steady_instant(Time{next_ns}));
  loop_->timer.async_wait([this, alive = std::weak_ptr<bool>(loop_->alive)](const std::error_code& error) {
    if (error || alive.expired() || shut_) return;
    loop_->armed_ns = never.ns;
    on_deadline();
  });
}

void Endpoint::on_deadline() {
  now_ns_ = clock_ns();
  loop_->turn_begun = true;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ns_) {
    const auto number = deadlines_.begin()->second;
    auto& entry = connections_.at(number);
    entry.connection->expire(now_ns_);
    touch_number(number);
    deadlines_.erase(deadlines_.begin());
    entry.deadline_ns = never.ns;
    deadlines_.emplace(never.ns, number);
  }
  turn();
}

EndpointStats Endpoint::stats() const {
  auto stats = stats_;
  stats.packets_sent += sink_.packets();
  stats.bytes_sent += sink_.bytes();
  stats.connections = connections_.size();
  stats.handshakes = handshakes_;
  return stats;
}

void Endpoint::shut_down() {
  if (std::exchange(shut_, true)) return;
  now_ns_ = clock_ns();
  for (auto& [number, entry] : connections_) {
    entry.connection->close(CloseCode::done, {}, now_ns_);
    entry.connection->write(sink_, now_ns_);
  }
  sink_.flush();
  std::error_code ignored;
  loop_->descriptor.close(ignored);
  loop_->timer.cancel();
}

}  // namespace nodedb::quic
