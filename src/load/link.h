// SPDX-License-Identifier: Apache-2.0
#pragma once

// A client's TCP connection, in the clear or through TLS, that never waits: a call does what it can at once,
// and the owner waits for the socket. One thread.
//
//   opening ──connected, and greeted in TLS──▶ open ──▶ lost
//      └──refused, or the handshake failed───────────────▲

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "edge/disk/files.h"
#include "edge/resp/channel.h"
#include "load/server.h"

namespace nodedb::load {

class Link {
 public:
  enum class State : std::uint8_t { opening, open, lost };

  /// `trust`: null for no TLS; outlives it.
  Link(const Server& to, resp::TlsTrust* trust);

  int socket() const { return socket_.get(); }
  State state() const { return state_; }
  /// Goes on with opening. Pre: it is opening, and its socket may be ready.
  void open();
  /// How much of it has gone; less than all: wait until the socket can be written. Pre: open.
  std::size_t send(BytesView bytes);
  /// How many bytes came; 0: wait until the socket can be read. Pre: open.
  std::size_t receive(std::span<char> room);
  /// Waits at most so long for the socket: to be read, and to be written if `write`.
  void wait(bool write, std::int64_t wait_ns) const;

 private:
  void fail() { state_ = State::lost; }

  edge::FileHandle socket_;
  resp::TlsTrust* trust_;
  std::unique_ptr<resp::Channel> channel_;  ///< null until connected
  State state_ = State::opening;
};

}  // namespace nodedb::load
