// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/support/relay.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "edge/base/clock.h"
#include "tests/e2e/support/loopback.h"

namespace nodedb::e2e {

namespace {

constexpr int round_ms = 5;

edge::FileHandle udp_socket() {
  return edge::FileHandle(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// A few bits, and in some cases the end.
void change(std::string& bytes, Rng& rng) {
  for (std::uint64_t bits = 1 + rng.below(4); bits > 0 && !bytes.empty(); --bits) {
    char& one = bytes[rng.below(bytes.size())];
    one = static_cast<char>(one ^ (1 << rng.below(8)));
  }
  if (rng.below(3) == 0) bytes.resize(rng.below(bytes.size()) + 1);
}

}  // namespace

Relay::Relay(const std::vector<Way>& ways, std::uint64_t seed) : rng_(seed) {
  for (const Way& way : ways) {
    Gate& gate = gates_.emplace_back();
    gate.way = way;
    gate.front = udp_socket();
    const sockaddr_in at = loopback(way.at);
    const int bound = ::bind(gate.front.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at);
    CHECK_MSG(bound == 0, "the relay's port is taken");
  }
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  ends_ = true;
  thread_.join();
}

void Relay::set(Weather weather) {
  const std::scoped_lock held(lock_);
  weather_ = weather;
}

void Relay::cut(std::size_t way, bool is_cut) {
  const std::scoped_lock held(lock_);
  gates_[way].is_cut = is_cut;
}

Relay::Counts Relay::counts() const {
  const std::scoped_lock held(lock_);
  return counts_;
}

void Relay::run() {
  while (!ends_) {
    std::vector<pollfd> sockets;
    {
      const std::scoped_lock held(lock_);
      for (const Gate& gate : gates_) {
        sockets.push_back({gate.front.get(), POLLIN, 0});
        for (const auto& [peer, back] : gate.backs) sockets.push_back({back.get(), POLLIN, 0});
      }
    }
    ::poll(sockets.data(), sockets.size(), held_up_.empty() ? round_ms : 1);
    const std::scoped_lock held(lock_);
    for (Gate& gate : gates_) {
      receive_all(gate, gate.front.get(), 0);
      for (const auto& [peer, back] : gate.backs) receive_all(gate, back.get(), peer);
    }
    deliver_due();
  }
}

/// `peer`: to whom they go back; 0: they came to the front.
void Relay::receive_all(Gate& gate, int socket, std::uint16_t peer) {
  std::string room(64 * 1024, '\0');
  for (;;) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t count =
        ::recvfrom(socket, room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (count < 0) return;
    std::string bytes(room, 0, static_cast<std::size_t>(count));
    if (peer != 0)
      carry(gate, {gate.front.get(), peer}, std::move(bytes));
    else
      carry(gate, {back_of(gate, ntohs(from.sin_port)), 0}, std::move(bytes));
  }
}

/// Each peer goes on through a socket of its own, so that the node can tell them apart.
int Relay::back_of(Gate& gate, std::uint16_t peer) {
  edge::FileHandle& back = gate.backs[peer];
  if (!back.valid()) {
    back = udp_socket();
    const sockaddr_in to = loopback(gate.way.to);
    ::connect(back.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  return back.get();
}

void Relay::carry(const Gate& gate, Exit exit, std::string bytes) {
  const auto befalls = [this](std::uint64_t of_a_hundred) { return rng_.below(100) < of_a_hundred; };
  if (gate.is_cut || befalls(weather_.lost)) {
    ++counts_.lost;
    return;
  }
  if (befalls(weather_.changed)) {
    change(bytes, rng_);
    ++counts_.changed;
  }
  const bool repeated = befalls(weather_.repeated);
  counts_.repeated += repeated ? 1 : 0;
  ++counts_.passed;
  const auto due = [this] {
    const auto delay_us = rng_.below(1'000 * static_cast<std::uint64_t>(weather_.delay_ms_max) + 1);
    return edge::monotonic_time().ns + static_cast<std::int64_t>(1'000 * delay_us);
  };
  if (repeated) held_up_.emplace(due(), Packet{exit, bytes});
  held_up_.emplace(due(), Packet{exit, std::move(bytes)});
}

void Relay::deliver_due() {
  const std::int64_t now = edge::monotonic_time().ns;
  while (!held_up_.empty() && held_up_.begin()->first <= now) {
    const Packet& packet = held_up_.begin()->second;
    const sockaddr_in to = loopback(packet.exit.peer);
    const bool connected = packet.exit.peer == 0;
    ::sendto(packet.exit.socket, packet.bytes.data(), packet.bytes.size(), 0,
             connected ? nullptr : reinterpret_cast<const sockaddr*>(&to), connected ? 0 : sizeof to);
    held_up_.erase(held_up_.begin());
  }
}

}  // namespace nodedb::e2e
