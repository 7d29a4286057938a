// SPDX-License-Identifier: Apache-2.0
#include "app/server.h"

#include <algorithm>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>

#include "app/assembly.h"
#include "app/redis_port.h"
#include "app/service.h"
#include "edge/base/log.h"
#include "edge/systemd/notify.h"
#include "kv/machine.h"

namespace nodedb::app {

namespace {

const kv::Machine key_value_machine;

std::string waiting_text(const Config& config) {
  const std::string& self = config.advertise.empty() ? config.listen : config.advertise;
  const bool founder = config.seeds.empty() || std::ranges::find(config.seeds, self) != config.seeds.end();
  return founder ? "waits for the cluster to be formed: nodedb-cluster init"
                 : "waits for the cluster to take it in";
}

}  // namespace

struct Server::Impl {
  explicit Impl(const Config& given) : config(given) {}

  Result<void> open() {
    Outside outside;
    outside.clients = redis_port(config);
    outside.key_values = true;
    outside.serves = [this](const node::Routing& routing) { service->serves(routing); };
    outside.retired = [this] { service->ends("has been retired, for ever", close_patience_ns); };
    systemd::status("reads its log and its state");
    auto opened = Assembly::open(config, key_value_machine, outside);
    if (!opened) return std::unexpected(opened.error());
    node = std::move(*opened);
    service.emplace(node->loop(), [this] { return node->step_began(); });
    ending.emplace(node->loop(), SIGINT, SIGTERM);
    reloading.emplace(node->loop(), SIGHUP);
    await_end();
    await_reload();
    return {};
  }

  void await_end() {
    ending->async_wait([this](const std::error_code& failed, int signal) {
      if (failed) return;
      if (stopping) {
        log::warn("a second signal: stopping at once", {{"signal", signal}});
        std::_Exit(128 + signal);
      }
      stopping = true;
      log::info("handing leaderships over before stopping; a second signal stops at once",
                {{"signal", signal}});
      service->ends("hands its leaderships over", config.drain_timeout_ns + close_patience_ns);
      node->front().drain();
      await_end();
    });
  }

  void await_reload() {
    reloading->async_wait([this](const std::error_code& failed, int) {
      if (failed) return;
      systemd::reloading();
      node->front().reload_certificates();
      systemd::ready();
      await_reload();
    });
  }

  Config config;
  std::unique_ptr<Assembly> node;
  std::optional<Service> service;
  std::optional<asio::signal_set> ending;
  std::optional<asio::signal_set> reloading;
  bool stopping = false;  ///< a signal has come
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(const Config& config) {
  std::signal(SIGPIPE, SIG_IGN);
  auto impl = std::make_unique<Impl>(config);
  if (auto opened = impl->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Exit Server::run() {
  impl_->service->begin(impl_->node->member() ? "" : waiting_text(impl_->config));
  impl_->node->run();
  return impl_->node->front().retired() ? Exit::retired : Exit::ok;
}

}  // namespace nodedb::app
