// SPDX-License-Identifier: Apache-2.0
#pragma once

// Snapshots on their way between nodes: chunked, checksummed chunk by chunk and as a whole, driven by the
// receiver's credits, resumed from the last chunk that arrived when messages are lost. Pure; owned by the
// core thread.
//
//   sender:    opening ──view taken──▶ offering ──first credit──▶ streaming ──done / refused / no sign of
//   life──▶ over receiver:  offered ──▶ receiving (stage each chunk, give credit) ──last chunk──▶ installing
//   ──▶ done
//
// What a receiver stages is invisible until the install (rule R6); a new offer discards what an older one
// staged.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "node/task.h"
#include "wire/messages.h"
#include "wire/rows.h"

namespace nodedb::node {

class Transfers {
 public:
  struct Finished {
    GroupId group;
    NodeId to;
    bool ok = false;
  };
  struct Output {
    std::vector<std::pair<NodeId, wire::PeerMessage>> sends;
    std::vector<StateTask> tasks;
    std::vector<Finished> finished;  ///< sends that ended: tell the group
  };

  /// Snapshots leave in chunks of about `chunk_bytes`, all together at no more than `bytes_per_second`.
  Transfers(Incarnation incarnation, std::size_t chunk_bytes, std::size_t bytes_per_second)
      : incarnation_(incarnation), chunk_bytes_(chunk_bytes), bytes_per_second_(bytes_per_second) {}

  // --- sending ---

  /// The leader's log no longer holds what `to` needs. Waits for a place if too many are under way.
  void start(Time now, GroupId group, NodeId to);
  /// `config` is the one in force at the view's position; nothing if the group no longer leads.
  void opened(Time now, const SnapshotOpened& opened, Term term, const std::optional<raft::Config>& config);
  void read(Time now, SnapshotRead read);
  void credit(Time now, NodeId from, const wire::SnapshotCredit& credit);
  /// This node leads the group no longer: what it was sending is void.
  void stop_sending(GroupId group);
  struct Progress {
    Index at;  ///< of the snapshot; 0: it is being opened
    std::uint64_t sent_bytes = 0;
    std::uint64_t bytes = 0;  ///< about all of it
  };
  /// Of the snapshot on its way to `to`, if there is one.
  std::optional<Progress> progress(GroupId group, NodeId to) const;
  /// Which group an open snapshot belongs to.
  std::optional<GroupId> sending_group(wire::TransferId transfer) const;

  // --- receiving ---

  /// `needed`: the group here is behind the offer and its sender leads it.
  void offer(Time now, NodeId from, const wire::SnapshotOffer& offer, bool needed);
  void chunk(Time now, NodeId from, wire::SnapshotChunk chunk);
  void staged(Time now, const Staged& staged);
  /// The entries up to `handed` have been handed to the state machine: has the snapshot nothing to add?
  bool overtaken(GroupId group, Index handed) const;
  /// Stop receiving into the group and say so to the sender. Pre: not installing.
  void abandon(GroupId group);
  /// True while the group's state is being replaced: hand out no entries to apply.
  bool installing(GroupId group) const;
  /// The install is durable: the sender is to be told (after the log's new base is durable, too).
  std::optional<std::pair<NodeId, wire::SnapshotCredit>> installed(GroupId group);
  /// Who offered what is being received into `group`.
  std::optional<NodeId> source(GroupId group) const;

  struct Counts {
    std::uint64_t sending = 0;
    std::uint64_t receiving = 0;
    std::uint64_t sent = 0;       ///< whole, in this life
    std::uint64_t installed = 0;  ///< whole, in this life
    bool operator==(const Counts&) const = default;
  };
  Counts counts() const { return {sending_.size(), receiving_.size(), sent_, installed_}; }

  /// Of chunks that have been read and not been acknowledged.
  std::size_t held_bytes() const;

  void wake(Time now);
  Time deadline() const;
  Output take_output() { return std::exchange(output_, {}); }

 private:
  struct Sending {
    GroupId group;
    NodeId to;
    enum class State : std::uint8_t { opening, offering, streaming } state = State::opening;
    wire::SnapshotOffer offer;
    std::uint64_t next_read = 0;  ///< sequence of the next chunk to read
    std::uint64_t limit = 0;      ///< chunks below may be sent
    std::deque<wire::SnapshotChunk> unacknowledged;
    std::uint32_t crc_chain = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t bytes = 0;  ///< about all of it
    bool reading = false;
    bool read_last = false;
    Time last_sign = long_ago;  ///< of life from the receiver
    Time repeat_at = never;
  };
  struct Receiving {
    NodeId from;
    wire::SnapshotOffer offer;
    std::uint64_t next = 0;    ///< chunks below have arrived
    std::uint64_t staged = 0;  ///< chunks below are staged
    std::uint32_t crc_chain = 0;
    wire::RisingKeys keys;  ///< of the rows that have arrived
    bool got_last = false;
    bool installing = false;
    Time last_sign = long_ago;
    Time repeat_at = never;
  };
  struct Wish {
    GroupId group;
    NodeId to;
  };

  void begin(Time now, Wish wish);
  static bool may_read(const Sending& sending);
  void pump(Time now, Sending& sending);
  void end(std::map<wire::TransferId, Sending>::iterator at, bool ok);
  void give_credit(Time now, Receiving& receiving);
  void refuse(NodeId to, const wire::TransferId& transfer, GroupId group);
  void start_next(Time now);

  Incarnation incarnation_;
  std::size_t chunk_bytes_;
  std::size_t bytes_per_second_;
  Time next_read_at_ = long_ago;  ///< by the cap on bytes per second
  std::uint64_t last_number_ = 0;
  std::deque<Wish> wishes_;
  std::map<wire::TransferId, Sending> sending_;
  std::map<GroupId, Receiving> receiving_;
  std::uint64_t sent_ = 0;
  std::uint64_t installed_ = 0;
  Output output_;
};

}  // namespace nodedb::node
