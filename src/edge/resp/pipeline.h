// SPDX-License-Identifier: Apache-2.0
#pragma once

// A connection's requests between arrival and answer. Requests run as soon as `Order` lets them, answers
// leave in the order of the requests, rendered in the protocol that was in force when each arrived. Pure:
// calls go out through an Outlet, bytes collect in `output`. Owned by the net thread.

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <variant>

#include "edge/resp/job.h"
#include "edge/resp/order.h"
#include "edge/resp/render.h"

namespace nodedb::resp {

using SessionId = std::uint64_t;

/// Who asked: carried with each call so that its answer finds back.
struct Asker {
  SessionId session = 0;
  std::uint64_t request = 0;
  std::uint32_t part = 0;
  bool write = false;
};

class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void send(const Asker& asker, VShardCall call) = 0;
  /// A request is answered with an error. `command` as in its ReplyStyle.
  virtual void erred(std::string_view command, const kv::Reply& error) = 0;
};

struct ReplyStyle {
  Protocol protocol = Protocol::resp2;
  bool silent = false;  ///< CLIENT REPLY OFF or SKIP: do it, but say nothing
  /// What ran, a name from the command tables; empty for what was refused or queued.
  std::string_view command = {};
};

class Pipeline {
 public:
  Pipeline(Outlet& outlet, SessionId session) : outlet_(outlet), session_(session) {}

  /// `trace`: what its calls are part of.
  void add(Outcome outcome, ReplyStyle style, const TraceContext& trace = {});
  /// The answer to a call that was sent for `asker`.
  void answered(const Asker& asker, const Result<Blob>& answer);

  /// Rendered and ready to be written; the owner takes from it.
  Bytes& output() { return output_; }
  const Bytes& output() const { return output_; }
  /// Every request has been answered into `output`.
  bool idle() const { return pending_.empty(); }
  std::size_t pending() const { return pending_.size(); }
  /// Memory of requests that wait or run and of answers that wait for earlier ones.
  std::size_t held_bytes() const { return held_bytes_; }
  /// Of answers that requests under way may bring, as far as the latest ones tell.
  std::size_t called_up_bytes() const { return pending_.size() * expected_reply_bytes_; }
  /// Whether another request should be taken now: a window on requests in flight that grows with each answer
  /// and shrinks when answers are large, so that a deep pipeline of large reads cannot call up more than
  /// about `bytes_max` at once.
  bool has_room(std::size_t bytes_max) const;

 private:
  struct Pending {
    std::variant<std::monostate, VShardCall, std::unique_ptr<Job>> work;
    ReplyStyle style;
    VShardId vshard;  ///< of a single call, after it was sent
    bool write = false;
    bool done = false;
    std::uint32_t open_calls = 0;
    std::uint32_t given_calls = 0;
    std::size_t held_bytes = 0;
    Bytes rendered;
    TraceContext trace;  ///< of a job
  };

  Pending& at(std::uint64_t request) { return pending_[static_cast<std::size_t>(request - first_)]; }
  static Order::Claim claim(const Pending& pending);
  void start(std::uint64_t request);
  void send_all(std::uint64_t request, Calls calls);
  void finish(std::uint64_t request, const kv::Reply& reply);
  void start_ready();
  void flush_done();

  Outlet& outlet_;
  SessionId session_ = 0;
  std::deque<Pending> pending_;
  std::uint64_t first_ = 0;  ///< number of pending_.front()
  Order order_;
  std::vector<std::uint64_t> ready_;
  bool starting_ = false;
  Bytes output_;
  std::size_t held_bytes_ = 0;
  std::size_t window_ = 16;
  std::size_t expected_reply_bytes_ = 64;
};

}  // namespace nodedb::resp
