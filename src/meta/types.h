// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the metadata group knows: members, placement, the cluster itself. Shapes only; how they are changed is
// in meta/machine.h, how they are laid out as bytes in meta/codec.h. The Raft config inside a group's
// own log is the truth about who votes; a placement here is what is *wanted*.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"

namespace nodedb::meta {

/// joining ─MemberUp─▶ active ◀──▶ draining, leaving ──▶ retired; an operator may turn back until retired.
enum class MemberState : std::uint8_t {
  joining,   ///< named by the genesis or taken in since; has not reported yet
  active,    ///< has reported itself at least once: a second disk under its identity is refused
  draining,  ///< leads nothing that somebody else can lead; keeps its replicas
  leaving,   ///< being decommissioned: every replica is moved away, then it is retired
  retired,   ///< holds nothing, votes nowhere, is refused for ever; its id is never given again
};
inline constexpr MemberState last_member_state = MemberState::retired;
std::string_view name(MemberState state);

struct Member {
  NodeId id;
  Uuid uuid;                   ///< bound into its certificate
  std::string address;         ///< host:port of its QUIC socket
  std::string client_address;  ///< host:port of its Redis port, as clients should dial it; may be empty
  Incarnation incarnation;     ///< of its latest report
  MemberState state = MemberState::joining;
  std::string name{};            ///< for people; may be empty
  std::string zone{};            ///< failure domains, the widest first: `region/zone/rack`; may be empty
  std::uint32_t capacity = 100;  ///< how much it may hold beside the others; 100 is an ordinary node
  NodeId successor{};            ///< leaving: the member that takes its replicas over; 0: the planner decides
  bool operator==(const Member&) const = default;
};

/// Is it to hold replicas, as far as an operator has said?
inline bool keeps_replicas(const Member& member) {
  return member.state == MemberState::joining || member.state == MemberState::active ||
         member.state == MemberState::draining;
}

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
  std::string name{};
  std::string zone{};
  std::uint32_t capacity = 100;
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
}  // namespace nodedb::meta
