// SPDX-License-Identifier: Apache-2.0
#include "edge/http/daemon.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/check.h"
#include "base/units.h"
#include "edge/base/clock.h"

namespace nodedb::http {

namespace {

constexpr auto sweep_round = std::chrono::seconds(1);
constexpr std::size_t read_block_bytes = 4096;
/// A page of this port has all it needs from it, and nobody puts it into a frame.
constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A listener that has lost its connection is to come back soon, and not at once.
constexpr std::string_view greeting = "retry: 2000\n\n";
constexpr std::string_view sign_of_life = ": still here\n\n";

struct Freed {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, Freed>;

Response made(const Answer& answer) {
  Response response(MHD_create_response_from_buffer(answer.body.size(), const_cast<char*>(answer.body.data()),
                                                    MHD_RESPMEM_MUST_COPY));
  if (!response) return response;
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, answer.type.c_str());
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  MHD_add_response_header(response.get(), "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(response.get(), "Content-Security-Policy", policy);
  if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  return response;
}

const char* header(MHD_Connection* connection, const char* name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/// A page of the web that has a name of its own point to this machine would be let in by a browser that runs
/// here; what it asks carries that name.
bool is_own_name(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.find(':'));
  std::error_code problem;
  asio::ip::make_address(std::string(host), problem);
  return host == "localhost" || !problem;
}

Result<asio::ip::tcp::endpoint> endpoint_of(const std::string& address) {
  const auto at = parse_host_port(address);
  if (!at) return std::unexpected(at.error());
  std::error_code problem;
  const auto ip = asio::ip::make_address(at->host == "localhost" ? "127.0.0.1" : at->host, problem);
  if (problem) return fail(Code::malformed, "'" + at->host + "' is not an IP address to listen on");
  return asio::ip::tcp::endpoint(ip, at->port);
}

}  // namespace

struct Daemon::Callbacks {
  static Daemon& of(void* self) { return *static_cast<Daemon*>(self); }

  static void connection(void* self, MHD_Connection* connection, void**,
                         MHD_ConnectionNotificationCode what) {
    what == MHD_CONNECTION_NOTIFY_STARTED ? of(self).opened(connection) : of(self).closed(connection);
  }

  static MHD_Result access(void* self, MHD_Connection* connection, const char* path, const char* method,
                           const char*, const char*, std::size_t* body_bytes, void** seen) {
    Daemon& daemon = of(self);
    Client& client = daemon.clients_.at(connection);
    if (*body_bytes != 0 || daemon.closing_) return MHD_NO;
    if (client.phase == Client::Phase::asking) {
      if (client.answer) daemon.send(client, *client.answer);
      return client.answer ? MHD_YES : MHD_NO;
    }
    // The library calls first when it has the headers, and again when it has the request.
    if (*seen == nullptr) {
      *seen = &client;
      daemon.admit(client, path, method);
      return MHD_YES;
    }
    daemon.take(client, path, std::strcmp(method, MHD_HTTP_METHOD_HEAD) == 0);
    return MHD_YES;
  }

  static void completed(void* self, MHD_Connection* connection, void**, MHD_RequestTerminationCode) {
    of(self).enter(of(self).clients_.at(connection), Client::Phase::reading);
  }

  static MHD_Result argument(void* request, MHD_ValueKind, const char* name, const char* value) {
    static_cast<Request*>(request)->arguments.emplace_back(name, value == nullptr ? "" : value);
    return MHD_YES;
  }

  static ssize_t events(void* client_of, std::uint64_t, char* out, std::size_t max) {
    const auto& [daemon, client] = *static_cast<std::pair<Daemon*, Client*>*>(client_of);
    return daemon->read_events(*client, out, max);
  }
  static void events_over(void* client_of) { delete static_cast<std::pair<Daemon*, Client*>*>(client_of); }
};

Daemon::Daemon(asio::io_context& loop, const Options& options, std::string events, Handler& handler)
    : options_(options),
      events_(std::move(events)),
      handler_(handler),
      ready_(loop),
      again_(loop),
      sweeper_(loop) {}

Result<std::unique_ptr<Daemon>> Daemon::open(asio::io_context& loop, const Options& options,
                                             std::string events, Handler& handler) {
  std::unique_ptr<Daemon> daemon(new Daemon(loop, options, std::move(events), handler));
  if (auto listens = daemon->listen(); !listens) return std::unexpected(listens.error());
  return daemon;
}

Daemon::~Daemon() {
  close();
}

Result<void> Daemon::listen() {
  const auto at = endpoint_of(options_.address);
  if (!at) return std::unexpected(at.error());
  loopback_ = at->address().is_loopback();
  asio::ip::tcp::acceptor acceptor(again_.get_executor());
  std::error_code problem;
  acceptor.open(at->protocol(), problem);
  if (!problem) acceptor.set_option(asio::socket_base::reuse_address(true), problem);
  if (!problem) acceptor.bind(*at, problem);
  if (!problem) acceptor.listen(asio::socket_base::max_listen_connections, problem);
  if (!problem) acceptor.native_non_blocking(true, problem);
  if (problem)
    return fail(Code::unreachable, "cannot listen on " + options_.address + ": " + problem.message());
  port_ = acceptor.local_endpoint().port();
  daemon_ = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &Callbacks::access, this,
      MHD_OPTION_LISTEN_SOCKET, static_cast<MHD_socket>(acceptor.native_handle()),
      MHD_OPTION_CONNECTION_LIMIT, options_.connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
      options_.connections_per_ip_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, options_.request_bytes_max,
      MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::connection, this, MHD_OPTION_NOTIFY_COMPLETED,
      &Callbacks::completed, this, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
  if (daemon_ == nullptr) return fail(Code::unreachable, "the HTTP library cannot start");
  acceptor.release();  // the library's from now on
  const MHD_DaemonInfo* const info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD);
  CHECK(info != nullptr);
  ready_.assign(info->epoll_fd);
  watch();
  return {};
}

void Daemon::watch() {
  ready_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const std::error_code& cancelled) {
    if (cancelled || closing_) return;
    pump();
    watch();
  });
}

void Daemon::pump() {
  if (closing_) return;
  // At its bound the library stops accepting, and goes on in the run after the one that has closed something.
  do {
    some_closed_ = false;
    MHD_run(daemon_);
  } while (some_closed_);
  MHD_UNSIGNED_LONG_LONG wait_ms = 0;
  if (MHD_get_timeout(daemon_, &wait_ms) != MHD_YES) return;
  again_.expires_after(std::chrono::milliseconds(wait_ms));
  again_.async_wait([this](const std::error_code& cancelled) {
    if (!cancelled) pump();
  });
}

void Daemon::close() {
  if (std::exchange(closing_, true) || daemon_ == nullptr) return;
  again_.cancel();
  sweeper_.cancel();
  for (auto& [connection, client] : clients_) drop(client);
  MHD_run(daemon_);  // it must have no suspended connection when it stops
  ready_.release();  // the library's own
  MHD_stop_daemon(daemon_);
}

void Daemon::opened(MHD_Connection* connection) {
  Client& client = clients_[connection];
  client.connection = connection;
  client.since = edge::monotonic_time();
  if (const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD))
    client.socket = info->connect_fd;
  if (!std::exchange(sweeping_, true)) sweep();
}

void Daemon::closed(MHD_Connection* connection) {
  const auto at = clients_.find(connection);
  if (at == clients_.end()) return;
  enter(at->second, Client::Phase::reading);
  clients_.erase(at);
  some_closed_ = true;
}

void Daemon::enter(Client& client, Client::Phase phase) {
  if (client.phase == Client::Phase::asking) asking_.erase(client.id);
  if (client.phase == Client::Phase::listening) --listeners_;
  client.phase = phase;
  client.since = edge::monotonic_time();
  if (phase == Client::Phase::asking) asking_.emplace(client.id, &client);
  if (phase == Client::Phase::listening) ++listeners_;
}

void Daemon::admit(Client& client, const char* path, const std::string& method) {
  const auto refuse = [&](unsigned status, std::string_view code, std::string_view error) {
    send(client, refusal(status, code, error));
  };
  if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD)
    return refuse(MHD_HTTP_METHOD_NOT_ALLOWED, "unsupported", "this port is read-only: GET and HEAD");
  if (std::strlen(path) > options_.path_bytes_max)
    return refuse(MHD_HTTP_URI_TOO_LONG, "too_large", "the path is too long");
  const char* const length = header(client.connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (header(client.connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != nullptr ||
      (length != nullptr && std::strcmp(length, "0") != 0))
    return refuse(MHD_HTTP_BAD_REQUEST, "malformed", "a request here has no body");
  const char* const host = header(client.connection, MHD_HTTP_HEADER_HOST);
  if (loopback_ && host != nullptr && !is_own_name(host))
    return refuse(MHD_HTTP_FORBIDDEN, "forbidden", "ask by IP address or localhost");
}

void Daemon::take(Client& client, const char* path, bool head) {
  client.answer.reset();
  client.request = {path, {}};
  if (client.request.path == events_) {
    if (head) return send(client, {200, "text/event-stream", {}});
    return listen_to_events(client);
  }
  if (!handler_.knows(client.request.path))
    return send(client, refusal(MHD_HTTP_NOT_FOUND, "not_found", "no such path; /openapi.json tells them"));
  MHD_get_connection_values(client.connection, MHD_GET_ARGUMENT_KIND, &Callbacks::argument, &client.request);
  client.id = ++last_id_;
  enter(client, Client::Phase::asking);
  if (const auto at_once = handler_.handle(client.id, client.request)) return send(client, *at_once);
  client.suspended = true;
  MHD_suspend_connection(client.connection);
}

void Daemon::send(Client& client, const Answer& answer) {
  enter(client, Client::Phase::answering);
  const Response response = made(answer);
  if (response) queue(client, answer.status, response.get());
}

void Daemon::queue(Client& client, unsigned status, MHD_Response* response) {
  if (MHD_queue_response(client.connection, status, response) != MHD_YES) drop(client);
}

void Daemon::answer(RequestId id, const std::function<Answer()>& make) {
  const auto at = asking_.find(id);
  if (at == asking_.end() || at->second->answer) return;
  at->second->answer = make();
  resume(*at->second);
}

void Daemon::resume(Client& client) {
  if (std::exchange(client.suspended, false)) MHD_resume_connection(client.connection);
}

/// The library finds the connection at its end.
void Daemon::drop(Client& client) {
  client.over = true;
  ::shutdown(client.socket, SHUT_RDWR);
  resume(client);
}

void Daemon::listen_to_events(Client& client) {
  if (listeners_ >= options_.listeners_max)
    return send(client, refusal(MHD_HTTP_SERVICE_UNAVAILABLE, "busy", "as many listen as may"));
  enter(client, Client::Phase::listening);
  client.unread = greeting;
  auto* const client_of = new std::pair<Daemon*, Client*>(this, &client);
  const Response response(MHD_create_response_from_callback(
      MHD_SIZE_UNKNOWN, read_block_bytes, &Callbacks::events, client_of, &Callbacks::events_over));
  if (!response) {
    Callbacks::events_over(client_of);
    return drop(client);
  }
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  queue(client, MHD_HTTP_OK, response.get());
}

std::ptrdiff_t Daemon::read_events(Client& client, char* out, std::size_t max) {
  if (client.over) return MHD_CONTENT_READER_END_WITH_ERROR;
  const std::size_t bytes = std::min(max, client.unread.size());
  if (bytes == 0) {
    client.suspended = true;
    MHD_suspend_connection(client.connection);
    return 0;
  }
  std::memcpy(out, client.unread.data(), bytes);
  client.unread.erase(0, bytes);
  return static_cast<std::ptrdiff_t>(bytes);
}

void Daemon::publish(const Event& event) {
  const std::string text = "event: " + event.name + "\ndata: " + event.data + "\n\n";
  for (auto& [connection, client] : clients_)
    if (client.phase == Client::Phase::listening) hand_out(client, text);
}

void Daemon::hand_out(Client& client, std::string_view text) {
  if (client.over) return;
  if (client.unread.size() + text.size() > options_.listener_bytes_max) return drop(client);
  client.unread += text;
  client.since = edge::monotonic_time();
  resume(client);
}

void Daemon::sweep() {
  sweeper_.expires_after(sweep_round);
  sweeper_.async_wait([this](const std::error_code& cancelled) {
    if (cancelled || closing_) return;
    const Time now = edge::monotonic_time();
    for (auto& [connection, client] : clients_) look_after(client, now);
    pump();
    sweeping_ = !clients_.empty();
    if (sweeping_) sweep();
  });
}

void Daemon::look_after(Client& client, Time now) {
  const std::int64_t waited_ns = now - client.since;
  switch (client.phase) {
    case Client::Phase::reading:
      if (waited_ns > options_.request_ns) drop(client);
      return;
    case Client::Phase::asking:
      if (waited_ns <= options_.answer_ns || client.answer) return;
      client.answer = handler_.late(client.request);
      return resume(client);
    case Client::Phase::answering:
      if (waited_ns > options_.taken_ns) drop(client);
      return;
    case Client::Phase::listening: {
      // A suspended connection is not looked at by the library.
      char byte = 0;
      if (client.suspended && ::recv(client.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
        return drop(client);
      if (waited_ns > options_.keep_alive_ns) hand_out(client, sign_of_life);
      return;
    }
  }
}

}  // namespace nodedb::http
