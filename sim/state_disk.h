// SPDX-License-Identifier: Apache-2.0
#pragma once

// A state store that lives through crashes of its node: of each group what was written since the last flush
// is forgotten, but for a prefix in write order, longer or shorter than its neighbour's. A flush of all
// leaves half of the groups behind, with what was written since the one before it. Keeps a digest of every
// group's rows, so that replicas can be compared after every write at no cost.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/rng.h"
#include "node/store.h"
#include "wire/rows.h"

namespace nodedb::sim {

using Rows = std::map<Bytes, Bytes, std::less<>>;

class StateDisk final : public node::StateStore {
 public:
  struct Witness {
    virtual ~Witness() = default;
    /// A group's state moved from `before` to `after`; `installed` by a snapshot, else by entries.
    virtual void state_moved(GroupId group, raft::Position before, raft::Position after, std::uint64_t digest,
                             bool installed) = 0;
  };

  void set_witness(Witness* witness) { witness_ = witness; }
  void set_full(bool full) { full_ = full; }

  Result<std::vector<node::StoredState>> load() override;
  std::unique_ptr<View> view(GroupId group) override;
  Result<void> write(std::vector<node::GroupStateUpdate> updates) override;
  Result<std::unique_ptr<node::StateFlush>> begin_flush(std::optional<GroupId> only) override;
  std::uint64_t bytes(GroupId group) override;
  Result<std::unique_ptr<node::StateSnapshot>> snapshot(GroupId group) override;
  Result<void> stage(GroupId group, BytesView rows) override;
  Result<void> discard_staged(GroupId group) override;
  Result<void> install(GroupId group, raft::Position at, const raft::Config& config) override;
  Result<void> destroy(GroupId group) override;

  /// The machine stopped: unflushed writes after a drawn point are gone, staged rows may be.
  void crash(Rng& rng);

  raft::Position position(GroupId group) const;
  std::uint64_t digest(GroupId group) const;
  /// The group's rows; null if it is unknown.
  const Rows* rows(GroupId group) const;
  /// All groups that have state.
  std::vector<GroupId> groups() const;

 private:
  struct Group {
    Rows rows;
    raft::Position applied;
    std::optional<raft::Config> snapshot_config;
    std::uint64_t digest = 0;
  };

  struct Staged {
    Rows rows;
    wire::RisingKeys keys;
  };
  struct Install {
    GroupId id;
    Group group;
  };
  struct Destroy {
    GroupId id;
  };
  using Change = std::variant<node::GroupStateUpdate, Install, Destroy>;
  struct Unflushed {
    std::uint64_t number = 0;
    GroupId group;
    Change change;
  };
  class Flush;
  std::vector<node::LiesBehind> lying_behind() const;

  static void put(Group& group, const Put& put);
  static void erase(Group& group, Rows::iterator row);
  static void apply(Group& group, const node::GroupStateUpdate& update);

  void change(GroupId group, Change change) { unflushed_.push_back({++changes_, group, std::move(change)}); }
  /// Becomes durable. Pre: nothing older of its group is left.
  void harden(Change& change);
  /// Those that are chosen become durable, in order.
  template <class Chosen>
  void harden_if(Chosen chosen);

  std::map<GroupId, Group> live_;
  std::map<GroupId, Group> durable_;
  std::deque<Unflushed> unflushed_;
  std::uint64_t changes_ = 0;           ///< ever
  std::uint64_t flushes_ = 0;           ///< of all, ever begun
  std::uint64_t changes_at_flush_ = 0;  ///< when the latest of them began
  std::map<GroupId, Staged> staged_;
  bool full_ = false;
  Witness* witness_ = nullptr;
};

}  // namespace nodedb::sim
