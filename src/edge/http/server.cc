// SPDX-License-Identifier: Apache-2.0
#include "edge/http/server.h"

#include <pthread.h>

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <thread>
#include <variant>

#include "edge/base/mailbox.h"
#include "edge/http/daemon.h"

namespace nodedb::http {

namespace {

/// More than all connections can wait for; events beyond it are lost, as those of a listener that is slow.
constexpr std::size_t inbox_max = 1024;

void append(std::string& out, std::string_view text) {
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ? ' ' : c;
}

}  // namespace

bool Request::has(std::string_view name) const {
  return std::ranges::any_of(arguments, [&](const auto& one) { return one.first == name; });
}

Answer refusal(unsigned status, std::string_view code, std::string_view error) {
  Answer answer;
  answer.status = status;
  answer.body = "{\"code\":\"";
  append(answer.body, code);
  answer.body += "\",\"error\":\"";
  append(answer.body, error);
  answer.body += "\"}\n";
  return answer;
}

struct Server::State {
  struct Made {
    RequestId id = 0;
    std::function<Answer()> make;
  };
  using ToHttp = std::variant<Made, Event>;

  State() : inbox(inbox_max, [this] { asio::post(loop, [this] { deliver(); }); }) {}

  void deliver() {
    for (ToHttp& one : inbox.take_all(long_ago)) {
      if (auto* made = std::get_if<Made>(&one))
        daemon->answer(made->id, made->make);
      else
        daemon->publish(std::get<Event>(one));
    }
    daemon->pump();
  }

  asio::io_context loop{1};
  std::unique_ptr<Daemon> daemon;
  edge::Mailbox<ToHttp> inbox;
  std::thread thread;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::open(const Options& options, std::string events, Handler& handler) {
  auto state = std::make_unique<State>();
  auto daemon = Daemon::open(state->loop, options, std::move(events), handler);
  if (!daemon) return std::unexpected(daemon.error());
  state->daemon = std::move(*daemon);
  state->thread = std::thread([&loop = state->loop] {
    ::pthread_setname_np(::pthread_self(), "http");
    const auto work = asio::make_work_guard(loop);
    loop.run();
  });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  state_->inbox.close();
  asio::post(state_->loop, [this] {
    state_->daemon->close();
    state_->loop.stop();
  });
  state_->thread.join();
}

std::uint16_t Server::port() const {
  return state_->daemon->port();
}

void Server::answer(RequestId id, std::function<Answer()> make) {
  static_cast<void>(state_->inbox.try_push(State::Made{id, std::move(make)}));
}

void Server::publish(Event event) {
  if (listeners() > 0) static_cast<void>(state_->inbox.try_push(std::move(event)));
}

std::size_t Server::listeners() const {
  return state_->daemon->listeners();
}

}  // namespace nodedb::http
