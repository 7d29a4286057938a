// SPDX-License-Identifier: Apache-2.0
#pragma once

// A log store that lives through crashes of its node and forgets what was being written at that instant:
// some of the batches in flight survive whole, in order, and the one after them may be torn, which a real
// store notices by its checksum and cuts off. Also keeps what a data directory keeps beside it: the boot
// counter. `write` happens at one instant; the host lets time pass before it.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/rng.h"
#include "node/store.h"

namespace nodedb::sim {

class LogDisk final : public node::LogStore {
 public:
  /// Told what became durable, before it is merged into `stored`; for the oracle.
  struct Witness {
    virtual ~Witness() = default;
    /// `stored` is null if the group is new.
    virtual void log_written(const node::GroupLogUpdate& update, const node::StoredGroup* stored) = 0;
  };

  enum class Trouble : std::uint8_t { none, full, failing };

  void set_witness(Witness* witness) { witness_ = witness; }
  void set_trouble(Trouble trouble) { trouble_ = trouble; }
  Trouble trouble() const { return trouble_; }

  Result<void> write(std::span<const node::LogBatch> batches) override;
  Result<node::StoredLog> load() override;

  /// The machine stopped while `in_flight` was being written. `accept_torn` plants the bug: half a batch, its
  /// last record cut short, is taken for whole.
  void crash(std::span<const node::LogBatch> in_flight, Rng& rng, bool accept_torn);

  Incarnation next_incarnation() { return ++incarnation_; }

  /// Null if the group is unknown here.
  const node::StoredGroup* group(GroupId group) const;
  bool has_identity() const { return identity_.has_value(); }
  /// Why a write did not fit what was stored (never, unless the node is wrong); empty if all fitted.
  const std::string& complaint() const { return complaint_; }

 private:
  void apply(const node::LogBatch& batch, bool witnessed);
  void apply(const node::GroupLogUpdate& update);

  std::map<GroupId, node::StoredGroup> groups_;
  std::optional<Bytes> identity_;
  Incarnation incarnation_;
  Trouble trouble_ = Trouble::none;
  Witness* witness_ = nullptr;
  std::string complaint_;
};

/// The stored log's last position; its base when it is empty.
raft::Position last_of(const node::StoredGroup& group);
/// Is an entry of that index and term stored, or compacted away (then it was committed)?
bool holds(const node::StoredGroup& group, raft::Position position);

}  // namespace nodedb::sim
