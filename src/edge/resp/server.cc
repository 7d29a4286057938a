// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/server.h"

#include <unistd.h>

#include <asio.hpp>
#include <map>
#include <vector>

#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/base/machine.h"
#include "edge/resp/link.h"

namespace nodedb::resp {

namespace {

using asio::ip::tcp;

constexpr std::string_view too_many_text = "-ERR max number of clients reached\r\n";
constexpr auto accept_pause = std::chrono::milliseconds(100);
constexpr auto patience_round = std::chrono::seconds(1);

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace

struct Server::State final : LinkOwner, std::enable_shared_from_this<Server::State> {
  State(asio::io_context& io, Options given, Backend& backend, Rng rng)
      : loop(io),
        options(given),
        door(std::move(given), backend, rng),
        acceptor(io),
        patience(io),
        pause(io) {}

  // --- LinkOwner ---
  Gateway& gateway() override { return door; }
  Now now() const override { return edge::read_clocks(); }
  void flush_soon(Link& link) override;
  bool account_input(std::size_t before, std::size_t after) override {
    input_held = input_held - before + after;
    return input_held <= options.input_bytes_max;
  }
  void gone(Link& link) override {
    door.close(link.id());
    links.erase(link.id());
  }

  Result<void> listen();
  void accept();
  void welcome(tcp::socket socket);
  void flush_all();
  void flush_touched();
  void watch_patience();
  void close();

  asio::io_context& loop;
  Options options;
  Gateway door;
  tcp::acceptor acceptor;
  asio::steady_timer patience;
  asio::steady_timer pause;
  std::unique_ptr<TlsContext> tls;
  std::uint16_t bound_port = 0;
  bool closed = false;
  bool flush_posted = false;
  bool watching = false;
  std::size_t input_held = 0;
  // Shared with the loop's handlers, which keep a link alive until they have run.
  std::map<SessionId, std::shared_ptr<Link>> links;
  std::vector<std::shared_ptr<Link>> dirty;
};

Result<void> Server::State::listen() {
  Endpoint endpoint;
  split_address(options.address, endpoint);
  std::error_code error;
  tcp::resolver resolver(loop);
  const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return fail(Code::unreachable,
                "the client address " + options.address + " is unknown: " + error.message());
  }
  const tcp::endpoint at = found.begin()->endpoint();
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(at, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) {
    return fail(Code::unreachable,
                "cannot listen for clients on " + options.address + ": " + error.message());
  }
  bound_port = acceptor.local_endpoint(error).port();
  return {};
}

void Server::State::accept() {
  acceptor.async_accept([self = shared_from_this()](std::error_code error, tcp::socket socket) {
    if (self->closed) return;
    if (!error) {
      self->welcome(std::move(socket));
      self->accept();
      return;
    }
    // Out of descriptors or memory: the queue of the kernel waits while we do.
    log::warn("a client could not be accepted", {{"error", error.message()}});
    self->pause.expires_after(accept_pause);
    self->pause.async_wait([self](std::error_code stopped) {
      if (!stopped && !self->closed) self->accept();
    });
  });
}

void Server::State::welcome(tcp::socket socket) {
  std::error_code error;
  socket.non_blocking(true, error);
  if (!error) socket.set_option(tcp::no_delay(true), error);
  if (!error) socket.set_option(asio::socket_base::keep_alive(true), error);
  const tcp::endpoint peer = socket.remote_endpoint(error);
  const tcp::endpoint local = error ? tcp::endpoint() : socket.local_endpoint(error);
  if (error) return;  // it has gone already
  if (links.size() >= options.connections_max) {
    ++door.counters().connections_rejected;
    if (!tls) socket.write_some(asio::buffer(too_many_text.data(), too_many_text.size()), error);
    return;
  }
  auto channel = tls ? tls->accept(socket.native_handle()) : plain_channel(socket.native_handle());
  if (channel == nullptr) return;
  Session& session = door.open(text_of(peer), text_of(local), now().mono);
  auto link = std::make_shared<Link>(*this, std::move(socket), std::move(channel), session);
  links.emplace(session.id, link);
  link->start();
  watch_patience();
}

void Server::State::flush_soon(Link& link) {
  if (!link.flush_queued) {
    link.flush_queued = true;
    dirty.push_back(link.shared_from_this());
  }
  if (flush_posted) return;
  flush_posted = true;
  asio::post(loop, [self = shared_from_this()] { self->flush_all(); });
}

void Server::State::flush_touched() {
  for (const SessionId id : door.take_touched()) {
    const auto found = links.find(id);
    if (found != links.end()) flush_soon(*found->second);
  }
}

void Server::State::flush_all() {
  flush_posted = false;
  std::vector<std::shared_ptr<Link>> batch;
  batch.swap(dirty);
  for (const auto& link : batch) {
    link->flush_queued = false;
    if (!closed) link->flush();
  }
  flush_touched();
}

/// Looks once a second for links that have waited too long; sleeps when there are none.
void Server::State::watch_patience() {
  if (watching || closed) return;
  watching = true;
  patience.expires_after(patience_round);
  patience.async_wait([self = shared_from_this()](std::error_code error) {
    self->watching = false;
    if (error || self->closed) return;
    std::vector<std::shared_ptr<Link>> all;
    all.reserve(self->links.size());
    for (const auto& [id, link] : self->links) all.push_back(link);
    const Time at = self->now().mono;
    for (const auto& link : all) link->check_patience(at);
    if (!self->links.empty()) self->watch_patience();
  });
}

void Server::State::close() {
  if (closed) return;
  closed = true;
  std::error_code ignored;
  acceptor.close(ignored);
  patience.cancel();
  pause.cancel();
  for (const auto& [id, link] : links) {
    link->abandon();
    door.close(id);
  }
  links.clear();
  dirty.clear();
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  state_->close();
}

Result<std::unique_ptr<Server>> Server::open(asio::io_context& loop, Options options, Backend& backend,
                                             Rng rng) {
  std::string complaints;
  for (const std::string& complaint : options.validate()) {
    complaints += (complaints.empty() ? "" : "; ") + complaint;
  }
  if (!complaints.empty()) return fail(Code::invalid_state, complaints);
  auto state = std::make_shared<State>(loop, std::move(options), backend, rng);
  if (state->options.tls()) {
    auto tls = TlsContext::load(state->options.certificate_file, state->options.key_file);
    if (!tls) return std::unexpected(tls.error());
    state->tls = std::move(*tls);
  }
  if (auto listening = state->listen(); !listening) return std::unexpected(listening.error());
  const Time started = state->now().mono;
  const std::uint16_t port = state->bound_port;
  state->door.set_process_facts([started, port] {
    return ProcessFacts{
        .pid = ::getpid(), .port = port, .resident_bytes = edge::resident_bytes(), .started = started};
  });
  state->accept();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::completed(std::uint64_t tag, Result<Blob> answer) {
  state_->door.completed(tag, std::move(answer));
  state_->flush_touched();
}

void Server::set_routing(std::shared_ptr<const node::Routing> routing) {
  state_->door.set_routing(std::move(routing));
}

Result<void> Server::reload_certificate() {
  if (!state_->tls) return {};
  auto tls = TlsContext::load(state_->options.certificate_file, state_->options.key_file);
  if (!tls) return std::unexpected(tls.error());
  state_->tls = std::move(*tls);
  return {};
}

std::uint16_t Server::port() const {
  return state_->bound_port;
}

std::size_t Server::input_bytes() const {
  return state_->input_held;
}

std::size_t Server::connections() const {
  return state_->links.size();
}

Gateway& Server::gateway() {
  return state_->door;
}

void Server::close() {
  state_->close();
}

}  // namespace nodedb::resp
