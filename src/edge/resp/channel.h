// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes over one TCP connection, in the clear or through TLS, always non-blocking: a call moves what
// it can and says why it stopped. The socket stays with the caller, who waits for its readiness. Owned by one
// thread: a server's by the net thread.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::resp {

class Channel {
 public:
  enum class Stop {
    none,        ///< all of it, or as much as the call was ready to do
    want_read,   ///< wait until the socket can be read
    want_write,  ///< wait until the socket can be written
    ended,       ///< the peer sends no more, but may still read
    closed,      ///< the connection is broken
  };
  struct Moved {
    std::size_t bytes = 0;
    Stop stop = Stop::none;
  };

  virtual ~Channel() = default;
  /// `none` once data may flow.
  virtual Stop handshake() = 0;
  virtual Moved read(std::span<char> room) = 0;
  virtual Moved write(BytesView bytes) = 0;
  /// Bytes that wait inside and of which the socket's readiness will not tell.
  virtual bool holds_input() const = 0;
  /// Tells the peer, as well as that goes without waiting, that no more bytes come.
  virtual void say_goodbye() = 0;
};

/// Pre: `socket` is non-blocking.
std::unique_ptr<Channel> plain_channel(int socket);

/// The server's certificate and settings. Another may take its place while connections that it accepted go
/// on.
class TlsContext {
 public:
  /// PEM files. Errors: unauthenticated, with the file and the reason.
  static Result<std::unique_ptr<TlsContext>> load(const std::string& certificate_file,
                                                  const std::string& key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Null if the library has no memory for a session.
  std::unique_ptr<Channel> accept(int socket);

 private:
  struct State;
  explicit TlsContext(std::shared_ptr<State> state);
  // Shared with the channels, whose sessions point into it.
  std::shared_ptr<State> state_;
};

/// A client's: whom it trusts.
class TlsTrust {
 public:
  /// PEM file of the authorities. Whoever shows a certificate of theirs is a server, by whatever name: a
  /// cluster's nodes are known by their authority. Errors: unauthenticated, with the file and the reason.
  static Result<std::unique_ptr<TlsTrust>> load(const std::string& authority_file);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

  /// Pre: `socket` is connected and non-blocking. Null if the library has no memory for a session.
  std::unique_ptr<Channel> connect(int socket);

 private:
  struct State;
  explicit TlsTrust(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared as TlsContext's is
};

}  // namespace nodedb::resp
