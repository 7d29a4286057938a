// SPDX-License-Identifier: Apache-2.0
#pragma once

// The key-value machine: Redis's string commands on one vShard. Entries and queries are kv/argv.h bytes,
// replies kv/reply.h bytes. Pure and stateless, so one object serves all vShards and every replica computes
// the same batch from the same view and entry. What holds after each entry (kv/rows.h): the stats row counts
// the value rows; a value row has an expiry row exactly if it expires; time is the entry's HLC and nothing
// else.
//
// An entry whose bytes or command name this build does not understand is an Error, so that the vShard's apply
// stops rather than diverge from builds that do; `check_entry` is for the door, so that no client can put one
// into the log. All else that is wrong (options, types, a key of another vShard) is an error reply, alike
// everywhere; a read answers every trouble with one. A transaction runs its commands in order, each seeing
// the writes before it; an error reply of one does not undo the others; a watch that has changed makes the
// whole a null array without effect.

#include "nodedb/cluster/state_machine.h"

namespace nodedb::kv {

class Machine final : public StateMachine {
 public:
  /// Errors: malformed, too_large, incompatible (the entry); damaged (a stored row that it needs).
  Result<ApplyOutput> apply(const View& view, const ApplyInput& input) const override;
  /// A single reading command, or a transaction of nothing but such.
  Bytes read(const View& view, const ReadInput& input) const override;
  /// As `check_entry`.
  Result<void> check(BytesView command) const override;
  /// The purge command, if some key's time has come.
  std::optional<Bytes> command_when_due(const View& view, Hlc hlc) const override;
  std::optional<std::int64_t> next_due_ns(const View& view) const override;
};

/// Whether `apply` will understand these bytes, and each command passes kv::check (internal ones included).
/// Errors: malformed, too_large, incompatible.
Result<void> check_entry(BytesView bytes);

}  // namespace nodedb::kv
