// SPDX-License-Identifier: Apache-2.0
#pragma once

// A read-only HTTP/1.1 port: GET and HEAD of a fixed set of paths, and one stream of server-sent events. The
// library (libmicrohttpd) parses; this file's neighbours bound what a client may take and hold. Everything
// happens on one thread of the port's own, so that whoever asks much keeps nobody else waiting, and the port
// answers while other threads are busy. What it is asked goes to a Handler; what comes back enters by a
// mailbox.
//
// Every client is bounded in bytes, in time and in number: a request that does not come, or an answer that is
// not taken, ends the connection; a listener that does not read its events is dropped.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "edge/http/options.h"

namespace nodedb::http {

struct Request {
  std::string path;
  std::vector<std::pair<std::string, std::string>> arguments;  ///< after the question mark, decoded

  bool has(std::string_view name) const;
};

struct Answer {
  unsigned status = 200;
  std::string type = "application/json";
  Bytes body;
};
/// `{"code":…,"error":…}`, as operators' commands tell errors.
Answer refusal(unsigned status, std::string_view code, std::string_view error);

/// Of a request that waits for its answer; never used again.
using RequestId = std::uint64_t;

/// Who knows the answers. All on the port's thread.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual bool knows(std::string_view path) const = 0;
  /// A path that it knows. The answer, or nothing: then Server::answer brings it.
  virtual std::optional<Answer> handle(RequestId id, const Request& request) = 0;
  /// What to say if it has not come in time.
  virtual Answer late(const Request& request) = 0;
};

struct Event {
  std::string name;  ///< a word
  std::string data;  ///< one line
};

class Server {
 public:
  /// Listens and answers at once. `events`: the path of the stream. `handler` outlives the server.
  /// Errors: malformed (the address), unreachable (it cannot be listened on).
  static Result<std::unique_ptr<Server>> open(const Options& options, std::string events, Handler& handler);
  /// Ends every connection.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port listened on: of use when port 0 was asked for.
  std::uint16_t port() const;

  // --- any thread; neither waits ---

  /// `make` runs on the port's thread: a long answer is written there. Without effect if nobody waits for it.
  void answer(RequestId id, std::function<Answer()> make);
  /// To all listeners.
  void publish(Event event);
  std::size_t listeners() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nodedb::http
