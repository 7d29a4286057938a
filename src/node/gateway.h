// SPDX-License-Identifier: Apache-2.0
#pragma once

// The clients' side of a node: every request that came in here, until it is answered. Finds the leader,
// sends, and sends again when a leader is lost, busy moving or unreachable, until the request's own deadline;
// the session stamp makes a repeated write safe (node/session.h). Pure; owned by the core thread.
//
//   waiting (no leader known, or told to try again) ──send──▶ sent to a node ──answer──▶ done
//        ▲                                                        │
//        └── not leader, lost, out of order, connection gone, another leader, no answer in time
//
// Clients' requests are taken in as far as they can be answered soon (admission.h); the node's own always.
//
// A read whose answer finds no room on its way is refused: asked again at once, it would find none either.
//
// Every attempt has a number of its own, so that a late answer is known for what it answers. A write ends
// with an error that promises "no effect" only if every attempt was surely refused; while one is in doubt,
// whatever the last one said, the error is `timeout` (outcome unknown).

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/request_path.h"
#include "base/sorted_queue.h"
#include "base/time.h"
#include "node/admission.h"
#include "node/event.h"
#include "node/path_filter.h"
#include "node/turn.h"
#include "wire/messages.h"

namespace nodedb::node {

class Gateway {
 public:
  struct Send {
    NodeId to;
    wire::Forward forward;
  };
  /// The answer to a request of the node's own.
  struct Answer {
    std::uint64_t ticket = 0;
    Result<Blob> result;
  };
  /// What the calls below want done.
  struct Output {
    std::vector<Send> sends;
    std::vector<ClientReply> replies;
    std::vector<Answer> answers;
    std::vector<RequestPath> paths;  ///< of clients' requests, but for what State::tell_path adds
  };
  /// Leader by group, 0 where unknown.
  using Leaders = std::vector<NodeId>;

  Gateway(Incarnation incarnation, std::int64_t attempt_timeout_ns, const AdmissionOptions& admission)
      : incarnation_(incarnation), attempt_timeout_ns_(attempt_timeout_ns), admission_(admission) {}

  /// Pre: called before the first request.
  void set_self(NodeId self) { self_ = self; }
  /// Whose path is told from now on.
  void set_path_filter(PathFilter filter) { path_filter_ = filter; }

  struct Request {
    std::optional<std::uint64_t> tag;  ///< a client's; nothing: the node's own
    GroupId group;
    bool write = false;
    Blob command;
    std::int64_t timeout_ns = 0;
    std::optional<std::uint64_t> ticket{};  ///< the node's own, if it wants to know the answer
    std::optional<Time> arrived{};          ///< at the edge; nothing: just now
    bool by_round = false;                  ///< a read that no lease is good enough for
    TraceContext trace{};
  };
  void submit(Time now, Request request, const Leaders& leaders);
  /// It is not taken in.
  void refuse(Time now, Request request, Error error);
  /// `served`: what is known here of how it was served, if anything is. False if nobody waits for that
  /// attempt any more.
  bool answered(Time now, NodeId from, const wire::ForwardReply& reply, const Leaders& leaders,
                const ServedStages* served = nullptr);
  /// `leaders[group]` changed: whatever waits for it goes out, and what an earlier one has not answered.
  void leader_changed(Time now, GroupId group, const Leaders& leaders);
  /// Nothing that was sent there will be answered.
  void peer_lost(Time now, NodeId peer);
  void wake(Time now, const Leaders& leaders);

  Output take_output() { return std::exchange(output_, {}); }
  Time deadline() const;
  std::size_t waiting() const { return requests_.size(); }
  const Admission& admission() const { return admission_; }

 private:
  struct Pending {
    Request request;
    Time taken;
    std::optional<Admission::Request> admitted;  ///< a client's
    Time deadline;
    Time retry_at = never;       ///< then it is sent, or sent again
    std::uint64_t sequence = 0;  ///< writes only
    NodeId target;               ///< 0: waiting
    std::uint32_t attempts = 0;  ///< sends so far
    std::uint64_t current = 0;   ///< the attempt whose answer is waited for; 0: none
    /// Attempts of which it is not known that they had no effect.
    SortedQueue<std::uint64_t> in_doubt;
  };
  struct Line {
    std::uint64_t next_sequence = 1;
    SortedQueue<std::uint64_t> writes;   ///< sequences, unanswered
    SortedQueue<std::uint64_t> waiting;  ///< request numbers, writes and reads
    SortedQueue<std::uint64_t> sent;     ///< the others
  };
  using Numbered = std::map<std::uint64_t, Pending>::iterator;
  struct Attempt {
    std::uint64_t request = 0;
    Time sent;
  };
  /// What came of one attempt, or of waiting for one.
  struct Outcome {
    Result<Blob> result;
    Index seen{};
    NodeId served_by{};
    std::uint64_t attempt = 0;
    Time sent = not_reached;
    const ServedStages* served = nullptr;
  };

  void send(Time now, Numbered at, NodeId to);
  void wait(Time now, Numbered at, std::int64_t delay_ns);
  void send_waiting(Time now, GroupId group, const Leaders& leaders);
  void set_retry(Numbered at, Time when);
  Line& line_of(GroupId group);
  static Time alarm(const Pending& pending) { return std::min(pending.deadline, pending.retry_at); }
  void finish(Time now, Numbered at, Outcome outcome, const Leaders& leaders);
  void tell(Time now, const Pending& pending, Outcome outcome);
  RequestPath path(const Pending& pending, const Outcome& outcome) const;
  void give_up(Time now, Numbered at, const Leaders& leaders);

  Incarnation incarnation_;
  std::int64_t attempt_timeout_ns_;
  NodeId self_;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_attempt_ = 0;
  std::map<std::uint64_t, Attempt> attempts_;  ///< in doubt, by number
  Admission admission_;
  PathFilter path_filter_;
  std::map<std::uint64_t, Pending> requests_;
  std::vector<Line> lines_;                          ///< by group
  std::set<std::pair<Time, std::uint64_t>> alarms_;  ///< of all requests, by number
  Output output_;
};

}  // namespace nodedb::node
