// SPDX-License-Identifier: Apache-2.0
#pragma once

// Deliberate bugs in migrations and in how members come and go, to prove that the simulator finds them. All
// off outside tests.

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
  bool retired_with_replicas = false;     ///< retires a member that leaves whatever it still holds
  bool token_claimed_twice = false;       ///< lets another machine have a token that is in flight
  bool too_few_stay = false;              ///< lets members leave whatever the replication factor is
  bool lost_counts = false;               ///< plans with a lost node as if it were there
  bool recommission_ignored = false;      ///< goes on emptying a member that is to stay after all
  bool successor_ignored = false;         ///< spreads what a successor is to get
  bool drain_ignored = false;             ///< lets a node that drains lead
  bool metadata_votes_kept = false;       ///< leaves group 0's votes with whoever has them
  bool orphan_kept = false;               ///< leaves a replica that nobody wants where it is
  bool old_row_believed = false;          ///< takes a machine in by its row here, however old that is
  bool settings_by_arrival = false;       ///< takes a setting when it is asked for, not from group 0's log
  bool finalised_early = false;           ///< drops the old authority whoever still needs it
  bool renewed_early = false;             ///< renews by an authority that not every member trusts yet
};

}  // namespace nodedb::meta
