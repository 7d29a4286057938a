// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the metadata group knows: members, placement, the cluster itself. Shapes only; how they are changed is
// in meta/machine.h, how they are laid out as bytes in meta/codec.h. The Raft config inside a group's
// own log is the truth about who votes; a placement here is what is *wanted*.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"

namespace nodedb::meta {

enum class MemberState : std::uint8_t {
  joining,  ///< named by the genesis or taken in since; has not reported yet
  active,   ///< has reported itself at least once: a second disk under its identity is refused
};

struct Member {
  NodeId id;
  Uuid uuid;                   ///< bound into its certificate
  std::string address;         ///< host:port of its QUIC socket
  std::string client_address;  ///< host:port of its Redis port, as clients should dial it; may be empty
  Incarnation incarnation;     ///< of its latest report
  MemberState state = MemberState::joining;
  bool operator==(const Member&) const = default;
};

struct Placement {
  Epoch epoch{1};
  std::vector<NodeId> replicas;  ///< wanted voters; the first is the preferred leader
  bool operator==(const Placement&) const = default;
};

struct Cluster {
  Uuid uuid;
  std::uint32_t version = 1;             ///< of the replicated formats that may be used; rises only
  std::uint32_t replication_factor = 3;  ///< wanted voters per vShard
  NodeId next_node;                      ///< the id of the next member that joins; ids are never reused
  bool operator==(const Cluster&) const = default;
};

/// What `init` makes, the same bytes on every founder: the cluster's state at position (index 1, term 1).
struct Genesis {
  Cluster cluster;
  std::vector<Member> members;          ///< ids 1…N in seed order
  std::vector<NodeId> metadata_voters;  ///< of group 0; all other members are its learners
  std::vector<Placement> placement;     ///< by vShard, `vshard_count` of them
  bool operator==(const Genesis&) const = default;
};

// --- entries of group 0 ---

/// A node reports that it is up, and where. Older incarnations than the recorded one are ignored.
struct MemberUp {
  NodeId node;
  Incarnation incarnation;
  std::string address;
  std::string client_address;
  bool operator==(const MemberUp&) const = default;
};
/// Pre: epoch is the recorded one plus 1, else the entry answers `conflict` and changes nothing.
struct PlacementChange {
  VShardId vshard;
  Placement placement;
  bool operator==(const PlacementChange&) const = default;
};
struct ClusterVersion {
  std::uint32_t version = 1;
  bool operator==(const ClusterVersion&) const = default;
};
/// A node asks to become a member: it gets the cluster's next id. A known UUID keeps what it has.
struct MemberJoin {
  Uuid uuid;
  std::string address;
  std::string client_address;
  bool operator==(const MemberJoin&) const = default;
};

}  // namespace nodedb::meta
