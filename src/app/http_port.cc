// SPDX-License-Identifier: Apache-2.0
#include "app/http_port.h"

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>

#include "app/dashboard.h"
#include "app/node_events.h"
#include "base/units.h"
#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/base/machine.h"
#include "edge/disk/files.h"
#include "edge/resp/options.h"

namespace nodedb::app {

namespace {

constexpr auto events_round = std::chrono::seconds(1);
/// No step takes so long: whoever is in one has come to a halt.
constexpr std::int64_t stuck_ns = 10 * ns_per_s;
const std::string plain = "text/plain; charset=utf-8";

std::int64_t room(const std::string& directory) {
  const auto free = edge::free_bytes(directory);
  return free ? static_cast<std::int64_t>(*free) : -1;
}

/// Of a path that is answered with JSON, or in a word.
http::Answer unavailable(const std::string& path, std::string_view code, const std::string& why) {
  const HttpRoute* const route = find_route(path);
  if (route != nullptr && route->path == readyz_path)
    return {503, plain, "[-] core: " + why + "\nnot ready\n"};
  return http::refusal(503, code, why);
}

}  // namespace

Result<std::unique_ptr<HttpPort>> HttpPort::open(asio::io_context& loop, const std::string& address,
                                                 Node node) {
  std::unique_ptr<HttpPort> port(new HttpPort(loop, std::move(node)));
  http::Options options;
  options.address = address;
  auto server = http::Server::open(options, std::string(events_path), *port);
  if (!server)
    return fail(server.error().code,
                server.error().detail + "; another address: --http IP:PORT, none: --http ''");
  if (const auto at = parse_host_port(address); at && !resp::is_loopback(at->host))
    log::warn("whoever can reach the HTTP port may read it: it asks for no password", {{"http", address}});
  port->server_ = std::move(*server);
  port->look_for_events();
  return port;
}

HttpPort::~HttpPort() = default;

bool HttpPort::knows(std::string_view path) const {
  return find_route(path) != nullptr || find_dashboard_file(path) != nullptr;
}

std::optional<http::Answer> HttpPort::handle(http::RequestId id, const http::Request& request) {
  if (const DashboardFile* const file = find_dashboard_file(request.path))
    return http::Answer{200, std::string(file->type), Bytes(file->content)};
  const HttpRoute& route = *find_route(request.path);
  if (route.path == livez_path) return livez();
  if (route.path == openapi_path)
    return http::Answer{200, std::string(route.type), openapi().pretty() + "\n"};
  asio::post(loop_, [this, id, request] { ask_for(id, request); });
  return std::nullopt;
}

http::Answer HttpPort::late(const http::Request& request) {
  return unavailable(request.path, "timeout", "the node is too busy to tell");
}

http::Answer HttpPort::livez() const {
  const Time began = node_.step_began();
  const std::int64_t in_step_ns = began == long_ago ? 0 : edge::monotonic_time() - began;
  if (in_step_ns < stuck_ns) return {200, plain, "alive\n"};
  return {503, plain, "stuck: one step has taken " + std::to_string(in_step_ns / ns_per_s) + " s so far\n"};
}

HttpPort::Asked* HttpPort::ask(const node::StatusWish& wish) {
  const auto under_way =
      std::ranges::find_if(asked_, [&](const auto& one) { return one.second.wish == wish; });
  if (under_way != asked_.end()) return &under_way->second;
  if (stopped_ || !node_.ask({++last_tag_, wish})) return nullptr;
  return &asked_.emplace(last_tag_, Asked{wish, {}, false}).first->second;
}

void HttpPort::ask_for(http::RequestId id, const http::Request& request) {
  if (Asked* const asked = ask(find_route(request.path)->wish)) {
    asked->waiting.emplace_back(id, request);
    return;
  }
  server_->answer(
      id, [path = request.path] { return unavailable(path, "busy", "the node is too busy to tell"); });
}

void HttpPort::answered(node::OperatorReply reply) {
  const auto at = asked_.find(reply.tag);
  if (at == asked_.end()) return;
  const Asked asked = std::move(at->second);
  asked_.erase(at);
  auto* const status = reply.result ? std::get_if<node::Status>(&*reply.result) : nullptr;
  if (status == nullptr) return;  // the port itself says that it is late
  const auto figures = std::make_shared<NodeFigures>(node_.figures());
  figures->status = std::move(*status);
  figures->wall_ms = edge::wall_time().ns / ns_per_ms;
  for (const auto& [id, request] : asked.waiting) {
    server_->answer(id, [figures, request, data = node_.data] {
      NodeFigures all = *figures;
      all.cpu_seconds = static_cast<double>(edge::cpu_us()) / 1e6;
      all.disk_free_bytes = room(data);
      const HttpRoute& route = *find_route(request.path);
      HttpAnswer made = route.answer(all, request.has("verbose"));
      return http::Answer{made.status, std::string(route.type), std::move(made.body)};
    });
  }
  if (asked.for_events) tell_events(figures);
}

void HttpPort::noted(const std::vector<std::string>& notices) {
  const std::int64_t ms = edge::wall_time().ns / ns_per_ms;
  for (const std::string& notice : notices) {
    const NodeEvent event = notice_event(ms, notice);
    server_->publish({event.name, event.data.dump()});
  }
}

void HttpPort::stop() {
  stopped_ = true;
  timer_.cancel();
}

void HttpPort::look_for_events() {
  timer_.expires_after(events_round);
  timer_.async_wait([this](const std::error_code& cancelled) {
    if (cancelled || stopped_) return;
    if (server_->listeners() == 0)
      seen_.reset();
    else if (Asked* const asked = ask({}))
      asked->for_events = true;
    look_for_events();
  });
}

void HttpPort::tell_events(std::shared_ptr<const NodeFigures> now) {
  const auto before = std::exchange(seen_, std::move(now));
  if (!before) return;
  for (const NodeEvent& event : events_between(before->status, seen_->status, seen_->wall_ms))
    server_->publish({event.name, event.data.dump()});
}

}  // namespace nodedb::app
