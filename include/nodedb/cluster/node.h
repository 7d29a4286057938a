// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node of a cluster inside this program, with the program's own state machine: replicated, sharded over
// 1,024 vShards, moved live. It has threads of its own; every call here may be made from any thread and
// returns at once unless it says otherwise.
//
//   start ──▶ waits to be formed (init, once, on one founder) or taken in (join) ──▶ serves ──stop──▶ ended
//
// A request goes to the vShard's leader, wherever that is, and is sent again when leaders change, until its
// time is over. A write is applied exactly once however often it was sent. What an error says about its
// effect is the truth: `effect(error.code)` is `no` (it had none and never will) or `unknown` (it may have
// been applied, or may be yet).
//
// Errors of requests, in their completion: timeout (unknown effect of a write), no_leader, busy, disk_full,
// not_initialised, not_member, stopping, malformed (no such vShard, or what StateMachine::check says),
// too_large, stale_session (unknown), halted vShards' incompatible or damaged. docs/guarantees.md tells what
// to do about each.
//
// A disk that fails while it writes, or stored bytes that turn out to be damaged, end the process with status
// 70: nothing could be acknowledged any more.

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/time.h"
#include "base/trace_context.h"
#include "nodedb/cluster/options.h"
#include "nodedb/cluster/placement.h"
#include "nodedb/cluster/read.h"
#include "nodedb/cluster/request.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb {

/// A running node.
class Node {
 public:
  /// Called exactly once.
  using Done = std::move_only_function<void(Result<Answer>)>;
  /// Of a request that names none.
  static constexpr std::int64_t timeout_ns = 10 * ns_per_s;
  /// Requests of this program that may be under way; further ones are refused as busy.
  static constexpr std::size_t requests_max = 16 * 1024;

  /// Opens everything and starts the threads; with `join`, asks the cluster first. Blocks while it reads what
  /// is stored. Errors: malformed (the options, all complaints), conflict (another process has the
  /// directory), and those of certificates, files, ports and joining.
  /// `machine` is called on the node's own threads: `check` by whichever has just been given something to do,
  /// all else by one at a time, the apply thread. It is shared because nodes of one process may share one;
  /// each keeps it until it has ended.
  static Result<std::unique_ptr<Node>> start(NodeOptions options, std::shared_ptr<const StateMachine> machine,
                                             NodeHooks hooks = {});
  /// As `stop`.
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Hands its leaderships over, for at most the option `drain_timeout`, answers what is under way, and ends
  /// the threads. Blocks; not from a completion. Once it returns every completion has been given to the
  /// executor.
  void stop();

  /// Makes `command` an entry of the vShard's log; the answer is what StateMachine::apply replied. `trace`:
  /// whose trace it is part of, if it is (NodeHooks::path).
  /// Errors, with which `done` is never called and nothing happens: busy, stopping.
  Result<void> propose(Place place, Bytes command, Done done, std::int64_t timeout = timeout_ns,
                       const TraceContext& trace = {});
  /// The same; errors at once are in the future, too.
  std::future<Result<Answer>> propose(Place place, Bytes command, std::int64_t timeout = timeout_ns,
                                      const TraceContext& trace = {});

  /// Asks the state machine (StateMachine::read) at the level that is named. Errors at once as above. Further
  /// ones in the completion: not_found (`local`: no replica here; `bounded`, `session`: it has left while the
  /// read waited).
  Result<void> read(Place place, Bytes query, const ReadOptions& options, Done done);
  /// The same; errors at once are in the future, too.
  std::future<Result<Answer>> read(Place place, Bytes query, const ReadOptions& options = {});

  /// Forms the cluster out of the seeds, once: asked again, or of another founder, it is done already.
  /// Errors: timeout, unreachable, conflict, invalid_state, busy, stopping.
  std::future<Result<void>> init();
  /// Moves a replica of a vShard, live; the answer is the migration's id as soon as it is on its way
  /// (Placement::migrations shows how far). Writers may be kept waiting for at most `pause_budget_ns`. Any
  /// node takes it. Errors: over_budget, conflict (the vShard is being moved), not_found, invalid_state,
  /// no_leader, timeout, busy, stopping.
  std::future<Result<std::string>> migrate(VShardId vshard, NodeId source, NodeId target,
                                           std::int64_t pause_budget_ns = 500 * ns_per_ms);
  /// Undoes a migration that has not cut over. Errors as of `migrate`.
  std::future<Result<void>> cancel(const std::string& migration);

  /// The latest picture; null before this node is a member.
  std::shared_ptr<const Placement> placement() const;

 private:
  struct Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb
