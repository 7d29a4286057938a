// SPDX-License-Identifier: Apache-2.0
#include "sim/bugs.h"

#include <algorithm>
#include <array>

namespace nodedb::sim {

namespace {

constexpr std::array<PlantedBug, 37> all{{
    {"vote-not-persisted", "term and vote are not written to disk",
     [](Bugs& b) { b.raft.vote_not_persisted = true; }},
    {"ack-before-fsync", "an append is acknowledged before it is durable",
     [](Bugs& b) { b.raft.ack_before_fsync = true; }},
    {"commit-old-term", "an entry of an earlier term is committed by counting replicas",
     [](Bugs& b) { b.raft.commit_old_term = true; }},
    {"no-prevote", "a candidate raises its term without asking first",
     [](Bugs& b) { b.raft.no_prevote = true; }},
    {"lease-on-wall-clock", "leases are measured on a clock that jumps",
     [](Bugs& b) { b.node.lease_on_wall_clock = true; }},
    {"snapshot-without-data", "a snapshot's position is installed without its rows",
     [](Bugs& b) { b.node.snapshot_without_data = true; }},
    {"truncate-below-commit", "a conflict drops the log from the commit index on",
     [](Bugs& b) { b.raft.truncate_below_commit = true; }},
    {"duplicate-apply", "a retried write is applied again", [](Bugs& b) { b.node.duplicate_apply = true; }},
    {"config-not-rolled-back", "a truncated config stays in force",
     [](Bugs& b) { b.raft.config_not_rolled_back = true; }},
    {"stale-leader-reads", "a leader answers reads without asking whether it still leads",
     [](Bugs& b) { b.raft.stale_leader_reads = true; }},
    {"match-by-index-only", "a previous entry matches whatever its term",
     [](Bugs& b) { b.raft.match_by_index_only = true; }},
    {"torn-batch-accepted", "half a batch is taken for whole after a crash",
     [](Bugs& b) { b.machine.accept_torn_batch = true; }},
    {"lease-never-fenced", "leases hold at boot and during a transfer",
     [](Bugs& b) { b.raft.lease_never_fenced = true; }},
    {"reply-before-apply", "a write is acknowledged when it is proposed",
     [](Bugs& b) { b.node.reply_before_apply = true; }},
    {"behind-ignored", "the log goes that a flush, which left its group behind, still needs",
     [](Bugs& b) { b.node.behind_ignored = true; }},
    {"checkpoint-before-commit", "a checkpoint is written though the group's config is not committed yet",
     [](Bugs& b) { b.node.moves.checkpoint_before_commit = true; }},
    {"empty-learner-votes", "a learner that has nothing yet gets a vote",
     [](Bugs& b) { b.node.moves.lag_ignored = b.raft.newborn_gets_vote = true; }},
    {"epoch-not-raised", "a cut-over changes the route within its epoch",
     [](Bugs& b) { b.node.moves.epoch_not_raised = true; }},
    {"abort-forgets-learner", "an aborted migration leaves its learner in the group",
     [](Bugs& b) { b.node.moves.learner_forgotten = true; }},
    {"migration-begun-twice", "a new driver begins another migration of a vShard that is being moved",
     [](Bugs& b) { b.node.moves.begun_twice = true; }},
    {"ghost-purged-by-time", "a ghost stub goes after two seconds, whoever may not know the new route yet",
     [](Bugs& b) { b.node.moves.ghost_purged_by_time = true; }},
    {"row-not-checked", "a stored checkpoint is believed whatever its checksum says",
     [](Bugs& b) { b.node.moves.row_not_checked = true; }},
    {"source-dropped-early", "the source's replica is destroyed before Complete",
     [](Bugs& b) { b.node.moves.source_dropped_early = true; }},
    {"retired-with-replicas", "a member that leaves is retired whatever it still holds",
     [](Bugs& b) { b.node.moves.retired_with_replicas = true; }},
    {"token-claimed-twice", "a token that one machine has shown admits another one, too",
     [](Bugs& b) { b.node.moves.token_claimed_twice = true; }},
    {"too-few-stay", "members leave though fewer than the replication factor stay",
     [](Bugs& b) { b.node.moves.too_few_stay = true; }},
    {"lost-node-counts", "a node that is lost counts as a place for replicas",
     [](Bugs& b) { b.node.moves.lost_counts = true; }},
    {"recommission-ignored", "a member that is to stay after all is emptied all the same",
     [](Bugs& b) { b.node.moves.recommission_ignored = true; }},
    {"successor-ignored", "what a successor is to get is spread over all",
     [](Bugs& b) { b.node.moves.successor_ignored = true; }},
    {"drain-ignored", "a node that drains leads on", [](Bugs& b) { b.node.moves.drain_ignored = true; }},
    {"metadata-votes-kept", "group 0's voters stay who they are, retired or lost",
     [](Bugs& b) { b.node.moves.metadata_votes_kept = true; }},
    {"orphan-kept", "a replica that nobody wants stays where it is",
     [](Bugs& b) { b.node.moves.orphan_kept = true; }},
    {"old-row-believed",
     "a wiped machine is taken in again by whoever does not know yet that it was a member",
     [](Bugs& b) { b.node.moves.old_row_believed = true; }},
    {"settings-by-arrival",
     "a node goes by the setting that it was asked for last, whatever group 0's log says",
     [](Bugs& b) { b.node.moves.settings_by_arrival = true; }},
    {"finalised-early", "an authority is made the only one while members have no certificate of it",
     [](Bugs& b) { b.node.moves.finalised_early = true; }},
    {"renewed-early", "members renew by a new authority before every member trusts it",
     [](Bugs& b) { b.node.moves.renewed_early = true; }},
    {"old-authority-forgotten", "who is to trust another authority trusts the old one no more",
     [](Bugs& b) { b.machine.forgets_at_stage = true; }},
}};

}  // namespace

std::span<const PlantedBug> planted_bugs() {
  return all;
}

const PlantedBug* find_bug(std::string_view name) {
  const auto at = std::ranges::find(all, name, &PlantedBug::name);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace nodedb::sim
