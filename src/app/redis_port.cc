// SPDX-License-Identifier: Apache-2.0
#include "app/redis_port.h"

#include <algorithm>
#include <utility>

#include "app/password_file.h"
#include "app/random.h"
#include "edge/base/clock.h"
#include "edge/resp/server.h"

namespace nodedb::app {

namespace {

/// The largest answer there may be, and what stands around it.
constexpr std::size_t output_bytes_min = limits::reply_bytes_max + limits::reply_bytes_max / 4;

Result<resp::Options> client_options(const Config& config) {
  resp::Options options;
  const MemoryBudget memory = config.memory();
  options.total_bytes_max = memory.of(Consumer::clients);
  options.input_bytes_max = memory.of(Consumer::half_read);
  options.connection_bytes_max = std::min(options.connection_bytes_max, options.total_bytes_max / 8);
  options.output_bytes_max =
      std::clamp(options.total_bytes_max / 8 * 5, output_bytes_min, options.output_bytes_max);
  options.address = config.client;
  options.redirect = config.redirect == "always"  ? resp::Redirect::always
                     : config.redirect == "never" ? resp::Redirect::never
                                                  : resp::Redirect::when_aware;
  options.call_timeout_ns = config.request_timeout_ns;
  options.connections_max = config.client_connections_max;
  options.version = NODEDB_VERSION;
  if (config.tls_client) {
    options.certificate_file = config.certs + "/node.crt";
    options.key_file = config.certs + "/node.key";
  }
  if (!config.password_file.empty()) {
    auto password = read_password(config.password_file);
    if (!password) return std::unexpected(password.error());
    options.password = std::move(*password);
  }
  const std::vector<std::string> complaints = options.validate();
  if (!complaints.empty()) return fail(Code::malformed, "client: " + complaints.front());
  return options;
}

class RedisPort final : public ClientPort, private resp::Backend {
 public:
  explicit RedisPort(ClientDesk& desk) : desk_(desk) {}

  Result<void> open(asio::io_context& loop, resp::Options options) {
    auto opened = resp::Server::open(loop, std::move(options), *this, Rng(random_seed()));
    if (!opened) return std::unexpected(opened.error());
    server_ = std::move(*opened);
    server_->gateway().set_memory_table([this] { return desk_.memory(); });
    return {};
  }

  void completed(node::ClientReply reply) override { server_->completed(reply.tag, std::move(reply.result)); }
  void set_routing(std::shared_ptr<const node::Routing> routing) override {
    server_->set_routing(std::move(routing));
  }
  Result<void> reload_certificate() override { return server_->reload_certificate(); }
  void close() override { server_->close(); }

  ClientCounts counts() const override {
    const resp::Counters& counts = server_->gateway().counters();
    return {server_->connections(),     counts.connections_received, counts.connections_rejected,
            counts.connections_evicted, counts.commands_processed,   counts.error_replies};
  }
  std::uint64_t held_bytes() const override { return server_->gateway().held_bytes(); }
  std::uint64_t half_read_bytes() const override { return server_->input_bytes(); }

 private:
  void call(std::uint64_t tag, resp::VShardCall call) override {
    desk_.submit({.tag = tag,
                  .vshard = call.vshard,
                  .write = call.write,
                  .command = std::move(call.command),
                  .timeout_ns = call.timeout_ns,
                  .arrived = edge::monotonic_time(),
                  .trace = call.trace});
  }

  ClientDesk& desk_;
  std::unique_ptr<resp::Server> server_;
};

}  // namespace

OpenClientPort redis_port(const Config& config) {
  return [config](asio::io_context& loop, ClientDesk& desk) -> Result<std::unique_ptr<ClientPort>> {
    if (config.client.empty()) return nullptr;
    auto options = client_options(config);
    if (!options) return std::unexpected(options.error());
    auto port = std::make_unique<RedisPort>(desk);
    if (auto opened = port->open(loop, std::move(*options)); !opened) return std::unexpected(opened.error());
    return port;
  };
}

}  // namespace nodedb::app
