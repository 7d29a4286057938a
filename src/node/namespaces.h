// SPDX-License-Identifier: Apache-2.0
#pragma once

// How one group's rows are shared between the state machine and the node: the first byte of the stored key
// tells whose it is. The state machine sees only its own, without that byte.

#include <memory>
#include <optional>

#include "nodedb/cluster/state_machine.h"

namespace nodedb::node {

inline constexpr char node_rows = '\0';
inline constexpr char machine_rows = '\1';

/// The node's own rows of a group.
Bytes clock_key();                  ///< the group's clock at the latest write that came from no gateway
Bytes session_rows();               ///< what the keys of all sessions begin with
Bytes session_key(NodeId gateway);  ///< node/session.h
/// Nothing if it is no session's key.
std::optional<NodeId> gateway_of(BytesView session_key);

/// The state machine's part of a stored view.
class MachineView : public View {
 public:
  explicit MachineView(const View& stored) : stored_(stored) {}
  std::optional<Bytes> get(BytesView key) const override;
  std::optional<Bytes> head(BytesView key, std::size_t bytes_max) const override;
  std::unique_ptr<Cursor> seek(BytesView from) const override;

 private:
  const Bytes& stored_key(BytesView key) const;

  const View& stored_;
  mutable Bytes key_;  ///< that is asked for: keeps its memory
};

/// All rows of the state machine, in order.
std::vector<Put> all_rows(const View& machine);

/// A state machine's write, as stored.
Write to_stored(Write write);

}  // namespace nodedb::node
