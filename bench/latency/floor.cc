// SPDX-License-Identifier: Apache-2.0
#include "bench/latency/floor.h"

#include <asio/post.hpp>
#include <chrono>
#include <future>
#include <optional>

#include "bench/support/figures.h"
#include "edge/log/segment.h"

namespace nodedb::bench {

namespace {

constexpr std::uint64_t file_bytes = 4u << 20;
constexpr std::size_t message_bytes = 128;  ///< about an append of one small write
constexpr std::chrono::seconds patience(20);

double us(Span span) {
  return 1'000 * span.ms();
}

wire::PeerMessage small_message() {
  wire::ForwardBundle bundle;
  bundle.requests.emplace_back();
  bundle.requests.back().command = Blob(Bytes(message_bytes, 'x'));
  return bundle;
}

}  // namespace

Result<Syncs> Syncs::open(const std::string& directory, const std::string& name) {
  const auto files = edge::system_files(directory, edge::Access::read_write);
  auto file = files->create(name, file_bytes);
  if (!file) return std::unexpected(file.error());
  if (auto zeroed = (*file)->write(0, Bytes(file_bytes, '\0')); !zeroed)
    return std::unexpected(zeroed.error());
  if (auto synced = (*file)->sync(); !synced) return std::unexpected(synced.error());
  return Syncs(std::move(*file));
}

std::vector<double> Syncs::take(int count) {
  const Bytes record(edge::sector_bytes, 'r');
  std::vector<double> took;
  for (int i = 0; i < count; ++i) {
    Span span{Clock::now(), {}};
    if (!file_->write(offset_, record) || !file_->sync()) return took;
    span.to = Clock::now();
    took.push_back(us(span));
    offset_ = (offset_ + record.size()) % file_bytes;
  }
  return took;
}

/// One call of `take`; all but `done` is the sending thread's.
struct RoundTrips::Run {
  int left = 0;
  Span span;
  std::vector<double> took;
  std::optional<std::promise<void>> done;
};

RoundTrips::RoundTrips(TwoNodes nodes) : nodes_(std::move(nodes)), run_(std::make_unique<Run>()) {}
RoundTrips::~RoundTrips() = default;

Result<std::unique_ptr<RoundTrips>> RoundTrips::open(const std::string& directory) {
  auto nodes = make_two_nodes(directory);
  if (!nodes) return std::unexpected(nodes.error());
  std::unique_ptr<RoundTrips> made(new RoundTrips(std::move(*nodes)));
  auto connected = Transports::connect(
      made->nodes_,
      [at = made.get()](quic::Transport&, const Uuid&, const wire::PeerMessage&) { at->returned(); },
      [](quic::Transport& here, const Uuid& from, const wire::PeerMessage& message) {
        here.send(from, message);
      });
  if (!connected) return std::unexpected(connected.error());
  made->transports_ = std::move(*connected);
  return made;
}

void RoundTrips::returned() {
  run_->span.to = Clock::now();
  run_->took.push_back(us(run_->span));
  if (--run_->left == 0) return run_->done->set_value();
  run_->span.from = Clock::now();
  transports_->transport(0).send(nodes_.ids[1], small_message());
}

std::vector<double> RoundTrips::take(int count) {
  run_->done.emplace();
  auto ended = run_->done->get_future();
  asio::post(transports_->loop(0), [this, count] {
    run_->took.clear();
    run_->left = count;
    run_->span.from = Clock::now();
    transports_->transport(0).send(nodes_.ids[1], small_message());
  });
  if (ended.wait_for(patience) != std::future_status::ready) return {};
  return run_->took;
}

}  // namespace nodedb::bench
