// SPDX-License-Identifier: Apache-2.0
#pragma once

// Deliberate bugs in migrations, to prove that the simulator finds them. All off outside tests.

namespace nodedb::meta {

struct PlantedBugs {
  bool checkpoint_before_commit = false;  ///< takes a config for committed as soon as it is reported
  bool lag_ignored = false;               ///< gives an empty learner a vote
  bool epoch_not_raised = false;          ///< cuts over within the epoch
  bool learner_forgotten = false;         ///< aborts without taking the learner out
  bool begun_twice = false;               ///< a new driver begins a move anew instead of going on with it
  bool ghost_purged_by_time = false;      ///< purges a ghost stub after two seconds, whoever may need it
  bool row_not_checked = false;           ///< believes a stored checkpoint whose checksum is wrong
  bool source_dropped_early = false;      ///< drops the source's replica before Complete
};

}  // namespace nodedb::meta
