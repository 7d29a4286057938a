// SPDX-License-Identifier: Apache-2.0
#pragma once

// Does a state machine keep what StateMachine asks of it? A suite for a test of any framework: it runs your
// machine on samples and on drawn garbage, over views of its own, and says in words what a replicated machine
// must not do.
//
//   - The same entries make the same writes, replies and due times: on two objects, over two kinds of view at
//   other
//     places in memory, with a new object for each entry, after the rows were copied to another node, and
//     with reads in between. (No state in the object, no clock, no luck, no addresses.)
//   - What `check` lets in, `apply` understands, whatever rows there are; what it refuses is refused with an
//   error
//     that says "no effect". Nothing throws, on garbage neither.
//   - A range that is deleted does not end before it begins.
//   - `next_due_ns` and what `apply` says of due times agree; a command that is due passes `check`, nothing
//   is due
//     without a time for it, and doing what is due comes to an end.
//
// Single-threaded; a second or so.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb {

/// What the machine is fed with.
struct MachineSamples {
  /// Commands that `check` lets in, as various as may be: they are drawn from, in any order, any number of
  /// times.
  std::vector<Bytes> commands;
  std::vector<Bytes> queries;     ///< as various
  std::uint64_t seed = 1;         ///< of what is drawn
  VShardId vshard{7};             ///< whose entries they are
  std::uint32_t entries = 2'000;  ///< that each run applies
};

/// Everything that was found, a sentence each, at most one of a kind; empty if all is well.
std::vector<std::string> check_state_machine(const std::function<std::unique_ptr<const StateMachine>()>& make,
                                             const MachineSamples& samples);

}  // namespace nodedb
