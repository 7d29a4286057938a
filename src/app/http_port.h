// SPDX-License-Identifier: Apache-2.0
#pragma once

// The HTTP port of a node: between edge/http, which has a thread of its own, and the core, which is asked for
// its status on the net thread. Answers are written on the port's thread. However many ask, the core makes
// one status of a kind at a time: who asks meanwhile gets the next one. /livez asks nobody.
//
// Listeners to events are told what the core notes for the log, at once, and what differs between two
// statuses (node_events.h), each second; with no listener nothing is compared.

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/http_routes.h"
#include "app/node_figures.h"
#include "edge/http/server.h"
#include "node/event.h"

namespace nodedb::app {

class HttpPort final : private http::Handler {
 public:
  /// In the tags of what it asks the core.
  static constexpr std::uint64_t tag_bit = std::uint64_t{1} << 62;

  struct Node {
    std::string data;                          ///< directory
    std::function<bool(node::GetStatus)> ask;  ///< false: the core has no room
    std::function<NodeFigures()> figures;      ///< all but the status and what the port looks up itself
    std::function<Time()> step_began;  ///< of the core's step under way; long_ago: none is. Any thread
  };
  /// Listens. `loop` is the net thread's and outlives the port. Errors: those of http::Server::open.
  static Result<std::unique_ptr<HttpPort>> open(asio::io_context& loop, const std::string& address,
                                                Node node);
  ~HttpPort() override;

  std::uint16_t port() const { return server_->port(); }

  // --- net thread ---

  /// What the core has answered to a tag with `tag_bit`.
  void answered(node::OperatorReply reply);
  /// What the core has noted for the log.
  void noted(const std::vector<std::string>& notices);
  /// The node is about to end: the core is asked nothing more.
  void stop();

 private:
  struct Asked {
    node::StatusWish wish;
    std::vector<std::pair<http::RequestId, http::Request>> waiting;
    bool for_events = false;
  };

  HttpPort(asio::io_context& loop, Node node) : loop_(loop), node_(std::move(node)), timer_(loop) {}

  bool knows(std::string_view path) const override;
  std::optional<http::Answer> handle(http::RequestId id, const http::Request& request) override;
  http::Answer late(const http::Request& request) override;
  http::Answer livez() const;

  /// Null if the core has no room.
  Asked* ask(const node::StatusWish& wish);
  void ask_for(http::RequestId id, const http::Request& request);
  void look_for_events();
  void tell_events(std::shared_ptr<const NodeFigures> now);

  asio::io_context& loop_;
  Node node_;
  std::map<std::uint64_t, Asked> asked_;  ///< by tag
  std::uint64_t last_tag_ = tag_bit;
  asio::steady_timer timer_;
  bool stopped_ = false;
  std::shared_ptr<const NodeFigures> seen_;  // shared with the answers under way: what listeners know
  std::unique_ptr<http::Server> server_;     ///< last: its thread ends before what it uses does
};

}  // namespace nodedb::app
