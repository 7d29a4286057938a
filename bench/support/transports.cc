// SPDX-License-Identifier: Apache-2.0
#include "bench/support/transports.h"

#include <asio/post.hpp>
#include <chrono>

#include "base/rng.h"
#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/tls/certificates.h"

namespace nodedb::bench {

namespace {

constexpr std::chrono::seconds connect_max(10);

}  // namespace

Result<TwoNodes> make_two_nodes(const std::string& directory) {
  Rng luck(static_cast<std::uint64_t>(edge::monotonic_time().ns));
  TwoNodes made{directory, Uuid::v4(luck), {Uuid::v4(luck), Uuid::v4(luck)}};
  if (auto done = tls::create_ca(directory + "/ca", made.cluster); !done)
    return std::unexpected(done.error());
  for (std::size_t end = 0; end < 2; ++end) {
    auto done = tls::issue_node(directory + "/ca", made.certs(end), {made.ids[end], {}});
    if (!done) return std::unexpected(done.error());
  }
  return made;
}

Result<void> Transports::open(const TwoNodes& nodes, std::size_t end, Received received) {
  quic::TransportOptions options;
  options.certs = nodes.certs(end);
  options.reset_secret.fill(static_cast<std::uint8_t>(end));
  quic::TransportCallbacks callbacks;
  callbacks.received = [this, end, received = std::move(received)](const Uuid& from,
                                                                   wire::PeerMessage message) {
    received(*ends_[end].transport, from, std::move(message));
  };
  auto opened = quic::Transport::open(ends_[end].loop, std::move(options), std::move(callbacks));
  if (!opened) return std::unexpected(opened.error());
  ends_[end].transport = std::move(*opened);
  return {};
}

Result<std::unique_ptr<Transports>> Transports::connect(const TwoNodes& nodes, Received first,
                                                        Received second) {
  log::configure(log::Format::logfmt, log::Level::warn);
  std::unique_ptr<Transports> made(new Transports);
  if (auto opened = made->open(nodes, 0, std::move(first)); !opened) return std::unexpected(opened.error());
  if (auto opened = made->open(nodes, 1, std::move(second)); !opened) return std::unexpected(opened.error());
  quic::Transport& dialler = made->transport(0);
  dialler.set_peers({{nodes.ids[1], made->transport(1).local_address()}});
  // Both ends on this thread until they know each other: then a message of either arrives.
  const auto deadline = std::chrono::steady_clock::now() + connect_max;
  while (!dialler.connected(nodes.ids[1]) || !made->transport(1).connected(nodes.ids[0])) {
    if (std::chrono::steady_clock::now() > deadline)
      return fail(Code::busy, "the two transports do not connect");
    for (End& end : made->ends_) end.loop.run_for(std::chrono::milliseconds(1));
  }
  for (End& end : made->ends_) {
    end.loop.restart();
    end.thread = std::thread([&end] { end.loop.run(); });
  }
  return made;
}

void Transports::stop() {
  for (End& end : ends_) {
    if (!end.thread.joinable()) continue;
    asio::post(end.loop, [&end] {
      end.transport->close();
      end.loop.stop();
    });
    end.thread.join();
  }
}

}  // namespace nodedb::bench
