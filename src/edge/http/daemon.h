// SPDX-License-Identifier: Apache-2.0
#pragma once

// The library's daemon on an event loop: connections, their phases (client.h) and their bounds. Private to
// edge/http, and the only file that knows the library. All on the loop's thread, unless it says otherwise.

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <map>
#include <memory>

#include "edge/http/client.h"

struct MHD_Daemon;
struct MHD_Response;

namespace nodedb::http {

class Daemon {
 public:
  /// Errors: those of Server::open.
  static Result<std::unique_ptr<Daemon>> open(asio::io_context& loop, const Options& options,
                                              std::string events, Handler& handler);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  std::uint16_t port() const { return port_; }          ///< any thread
  std::size_t listeners() const { return listeners_; }  ///< any thread

  /// For who waits for it.
  void answer(RequestId id, const std::function<Answer()>& make);
  void publish(const Event& event);
  /// Does what is ready; call after the above.
  void pump();
  /// Ends every connection.
  void close();

 private:
  struct Callbacks;  ///< what the library calls

  Daemon(asio::io_context& loop, const Options& options, std::string events, Handler& handler);
  Result<void> listen();

  void opened(MHD_Connection* connection);
  void closed(MHD_Connection* connection);
  /// The headers have come: what is not to go on is refused.
  void admit(Client& client, const char* path, const std::string& method);
  void take(Client& client, const char* path, bool head);
  void listen_to_events(Client& client);
  std::ptrdiff_t read_events(Client& client, char* out, std::size_t max);
  void send(Client& client, const Answer& answer);
  void queue(Client& client, unsigned status, MHD_Response* response);
  void enter(Client& client, Client::Phase phase);
  void resume(Client& client);
  void drop(Client& client);
  void hand_out(Client& client, std::string_view text);

  void watch();
  void sweep();
  void look_after(Client& client, Time now);

  Options options_;
  std::string events_;
  Handler& handler_;
  asio::posix::stream_descriptor ready_;
  asio::steady_timer again_;
  asio::steady_timer sweeper_;
  bool sweeping_ = false;
  bool closing_ = false;
  bool some_closed_ = false;  ///< connections, in the library's latest run
  bool loopback_ = true;
  std::uint16_t port_ = 0;
  MHD_Daemon* daemon_ = nullptr;
  std::map<MHD_Connection*, Client> clients_;
  std::map<RequestId, Client*> asking_;
  RequestId last_id_ = 0;
  std::atomic<std::size_t> listeners_ = 0;
};

}  // namespace nodedb::http
