// SPDX-License-Identifier: Apache-2.0
#pragma once

// Group 0's state machine: entries of meta/entries.h against the rows of meta/rows.h. Pure and stateless, so
// every replica computes the same. An entry that makes no sense for the rows it meets answers an error and
// changes nothing; one that this build cannot read halts apply before it (StateMachine::apply).

#include "meta/bugs.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::meta {

class Machine : public StateMachine {
 public:
  explicit Machine(PlantedBugs bugs = {}) : bugs_(bugs) {}

  /// `input.command` is an encoded MetaEntry, the reply an encoded result (meta/codec.h): not_found (no such
  /// node, vShard or migration), conflict (an epoch, version or phase that is not next; a vShard that is
  /// being moved), invalid_state (contradicts itself or the rows), too_large (a member too many), damaged (a
  /// checkpoint that fails its checksum). Errors: incompatible, malformed (the entry), damaged (a row).
  Result<ApplyOutput> apply(const View& view, const ApplyInput& input) const override;
  /// The query is a row key, the answer the row; empty if there is none.
  Bytes read(const View& view, const ReadInput& input) const override;

 private:
  PlantedBugs bugs_;
};

}  // namespace nodedb::meta
