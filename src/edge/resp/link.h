// SPDX-License-Identifier: Apache-2.0
#pragma once

// One accepted connection: socket, TLS if any, parser, and its session in the gateway. Moves bytes and keeps
// the memory bounds; decides nothing. Net thread.
//
//   handshake ──▶ open ──(QUIT, protocol error)──▶ closing ──(all answered and sent)──▶ lingering ──▶ gone
//       └──────────┴──(peer ended, killed, too much held, stalled)───────────────────────────────────▶ gone
//
// Lingering: our side has said that no more comes, and what the peer still sends is thrown away for a moment,
// because closing a socket with unread input would destroy the last answer on its way.

#include <asio.hpp>

#include <memory>

#include "edge/resp/channel.h"
#include "edge/resp/gateway.h"
#include "edge/resp/parser.h"

namespace nodedb::resp {

class Link;

/// What a link needs of its server.
class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  virtual Gateway& gateway() = 0;
  virtual Now now() const = 0;
  /// Flush this link at the end of the loop's turn.
  virtual void flush_soon(Link& link) = 0;
  /// The bytes that all half-read requests hold have changed; false: too much, and this link is to go.
  virtual bool account_input(std::size_t before, std::size_t after) = 0;
  virtual void gone(Link& link) = 0;
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(LinkOwner& owner, asio::ip::tcp::socket socket, std::unique_ptr<Channel> channel, Session& session);

  SessionId id() const { return session_; }
  void start();
  /// Writes what is ready, then takes more commands if there is room again.
  void flush();
  /// Ends what has waited too long.
  void check_patience(Time now);
  /// The owner's last word to it: no call back.
  void abandon();

  bool flush_queued = false;

 private:
  enum class Stage { handshake, open, lingering, gone };

  Session* session();
  void shake_hands();
  void on_readable();
  void read_some();
  void execute_commands();
  void write_some(Session& session);
  void wait_readable();
  void wait_writable();
  void linger();
  void end();

  LinkOwner& owner_;
  asio::ip::tcp::socket socket_;
  std::unique_ptr<Channel> channel_;
  SessionId session_ = 0;
  Parser parser_;
  Stage stage_ = Stage::handshake;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool paused_ = false;   ///< commands wait in the parser or the socket until there is room
  std::size_t sent_ = 0;  ///< of the session's output
  std::size_t input_held_ = 0;
  Time since_;  ///< when the stage began, or, while output waits, when the peer last took some
};

}  // namespace nodedb::resp
