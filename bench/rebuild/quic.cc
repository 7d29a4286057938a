// SPDX-License-Identifier: Apache-2.0
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <thread>

#include "base/limits.h"
#include "bench/rebuild/bare_end.h"
#include "bench/support/figures.h"
#include "bench/support/transports.h"

namespace nodedb::bench {
namespace {

class Bare final : public Carrier {
 public:
  Bare(std::unique_ptr<BareEnd> first, std::unique_ptr<BareEnd> second, Load load)
      : first_(std::move(first)), second_(std::move(second)) {
    threads_.emplace_back([this] { second_->run(nullptr, {}, stop_); });
    threads_.emplace_back([this, load] { first_->run(&second_->local(), load, stop_); });
  }
  ~Bare() override {
    stop_ = true;
    for (std::thread& one : threads_) one.join();
  }

 private:
  std::unique_ptr<BareEnd> first_;
  std::unique_ptr<BareEnd> second_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

/// As a snapshot is sent: chunks in a window that the receiver's credits move.
class Ours final : public Carrier {
 public:
  static Carried start(const TwoNodes& nodes, Load load, Tally& tally) {
    std::unique_ptr<Ours> made(new Ours(load, tally));
    made->peer_ = nodes.ids[1];
    auto connected = Transports::connect(
        nodes,
        [at = made.get()](quic::Transport&, const Uuid&, const wire::PeerMessage& message) {
          at->returned(message);
        },
        [&tally](quic::Transport& here, const Uuid& from, const wire::PeerMessage& message) {
          answer(here, from, message, tally);
        });
    if (!connected) return std::unexpected(connected.error());
    made->transports_ = std::move(*connected);
    asio::post(made->transports_->loop(0), [at = made.get()] { at->begin(); });
    return made;
  }
  ~Ours() override {
    ended_ = true;
    transports_->stop();
  }

 private:
  static constexpr std::uint64_t window_chunks = 16;

  Ours(Load load, Tally& tally)
      : load_(load),
        tally_(tally),
        rows_(Bytes(limits::snapshot_chunk_bytes, 'b')),
        command_(Bytes(message_bytes, 'm')) {}

  /// The second end's part.
  static void answer(quic::Transport& here, const Uuid& from, const wire::PeerMessage& message,
                     Tally& tally) {
    if (const auto* chunk = std::get_if<wire::SnapshotChunk>(&message)) {
      tally.bulk_bytes += chunk->rows.size();
      wire::SnapshotCredit credit;
      credit.next = chunk->sequence + 1;
      here.send(from, credit);
    } else {
      here.send(from, message);
    }
  }

  // The first end's, on its thread:

  void begin() {
    for (std::uint64_t i = 0; load_.bulk && i < window_chunks; ++i) send_chunk();
    for (int i = 0; i < load_.outstanding; ++i) send_message();
    if (!load_.pulses) return;
    timer_.emplace(transports_->loop(0));
    next_pulse_ = Clock::now();
    pulse();
  }
  void send_chunk() {
    wire::SnapshotChunk chunk;
    chunk.sequence = sequence_++;
    chunk.rows = rows_;
    send(chunk);
  }
  void send_message() {
    wire::ForwardBundle bundle;
    bundle.requests.emplace_back();
    bundle.requests.back().command = command_;
    send(bundle);
  }
  void send(const wire::PeerMessage& message) { transports_->transport(0).send(peer_, message); }
  void pulse() {
    if (ended_) return;
    sent_.push_back(Clock::now());
    send(raft::Pulse());
    next_pulse_ += std::chrono::nanoseconds(pulse_ns);
    timer_->expires_at(next_pulse_);
    timer_->async_wait([this](const std::error_code& failed) {
      if (!failed) pulse();
    });
  }
  void returned(const wire::PeerMessage& message) {
    if (std::holds_alternative<wire::SnapshotCredit>(message)) return send_chunk();
    if (std::holds_alternative<raft::Pulse>(message)) {
      tally_.pulses_ms.push_back(Span{sent_.front(), Clock::now()}.ms());
      sent_.pop_front();
      return;
    }
    ++tally_.messages;
    send_message();
  }

  Load load_;
  Tally& tally_;
  Blob rows_;
  Blob command_;
  Uuid peer_;
  std::uint64_t sequence_ = 0;
  std::deque<Clock::time_point> sent_;  ///< pulses that have not come back
  Clock::time_point next_pulse_;
  std::atomic<bool> ended_ = false;
  std::unique_ptr<Transports> transports_;
  std::optional<asio::steady_timer> timer_;  ///< of a loop of theirs
};

}  // namespace

Carried carry_bare(const TwoNodes& nodes, Load load, Tally& tally) {
  auto first = BareEnd::open(nodes.certs(0), tally);
  if (!first) return std::unexpected(first.error());
  auto second = BareEnd::open(nodes.certs(1), tally);
  if (!second) return std::unexpected(second.error());
  return std::make_unique<Bare>(std::move(*first), std::move(*second), load);
}

Carried carry_ours(const TwoNodes& nodes, Load load, Tally& tally) {
  return Ours::start(nodes, load, tally);
}

}  // namespace nodedb::bench
