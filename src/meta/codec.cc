// SPDX-License-Identifier: Apache-2.0
#include "meta/codec.h"

#include "meta/shapes.h"

namespace nodedb::meta {

namespace {

constexpr std::size_t detail_bytes_max = 1024;
constexpr std::size_t member_fields = 10;

}  // namespace

void put_nodes(Packer& out, const std::vector<NodeId>& nodes) {
  out.array(nodes.size());
  for (const NodeId node : nodes) out.number(node.value);
}

std::vector<NodeId> get_nodes(Fields& in) {
  Fields list = in.array(limits::nodes_max);
  std::vector<NodeId> nodes;
  while (list.ok() && list.left() > 0) nodes.push_back(NodeId(list.number<std::uint32_t>()));
  return nodes;
}

namespace {

void put(Packer& out, const Cluster& cluster) {
  out.uuid(cluster.uuid);
  out.number(cluster.version);
  out.number(cluster.replication_factor);
  out.number(cluster.next_node.value);
}

Cluster get_cluster(Fields& in) {
  Cluster cluster;
  cluster.uuid = in.uuid();
  cluster.version = in.number<std::uint32_t>();
  cluster.replication_factor = in.number<std::uint32_t>();
  cluster.next_node = NodeId(in.number<std::uint32_t>());
  in.end();
  return cluster;
}

void put(Packer& out, const Member& member) {
  out.number(member.id.value);
  out.uuid(member.uuid);
  out.text(member.address, limits::address_bytes_max);
  out.text(member.client_address, limits::address_bytes_max);
  out.number(member.incarnation.value);
  out.number(static_cast<std::uint64_t>(member.state));
  out.text(member.name, limits::name_bytes_max);
  out.text(member.zone, limits::name_bytes_max);
  out.number(member.capacity);
  out.number(member.successor.value);
}

Member get_member(Fields& in) {
  Member member;
  member.id = NodeId(in.number<std::uint32_t>());
  member.uuid = in.uuid();
  member.address = in.text(limits::address_bytes_max);
  member.client_address = in.text(limits::address_bytes_max);
  member.incarnation = Incarnation(in.number<std::uint64_t>());
  member.state = get_member_state(in);
  member.name = in.text(limits::name_bytes_max);
  member.zone = in.text(limits::name_bytes_max);
  member.capacity = in.number<std::uint32_t>();
  member.successor = NodeId(in.number<std::uint32_t>());
  in.end();
  return member;
}

}  // namespace

void put(Packer& out, const Placement& placement) {
  out.number(placement.epoch.value);
  put_nodes(out, placement.replicas);
}

Placement get_placement(Fields& in) {
  Placement placement;
  placement.epoch = Epoch(in.number<std::uint64_t>());
  placement.replicas = get_nodes(in);
  in.end();
  return placement;
}

namespace {

void put(Packer& out, const Genesis& genesis) {
  out.array(4);
  put(out, genesis.cluster);
  out.array(genesis.members.size());
  for (const Member& member : genesis.members) {
    out.array(member_fields);
    put(out, member);
  }
  put_nodes(out, genesis.metadata_voters);
  out.array(genesis.placement.size());
  for (const Placement& placement : genesis.placement) {
    out.array(2);
    put(out, placement);
  }
}

Genesis get_genesis(Fields& in) {
  Genesis genesis;
  Fields cluster = in.array(4);
  genesis.cluster = get_cluster(cluster);
  Fields members = in.array(limits::nodes_max);
  while (members.ok() && members.left() > 0) {
    Fields member = members.array(member_fields);
    genesis.members.push_back(get_member(member));
  }
  genesis.metadata_voters = get_nodes(in);
  Fields placement = in.array(vshard_count);
  while (placement.ok() && placement.left() > 0) {
    Fields one = placement.array(2);
    genesis.placement.push_back(get_placement(one));
  }
  in.end();
  return genesis;
}

}  // namespace

Bytes encode(const Genesis& genesis) {
  return packed(Kind::genesis, 4, [&](Packer& out) { put(out, genesis); });
}
Bytes encode(const Cluster& cluster) {
  return packed(Kind::cluster, 4, [&](Packer& out) { put(out, cluster); });
}
Bytes encode(const Member& member) {
  return packed(Kind::member, member_fields, [&](Packer& out) { put(out, member); });
}
Bytes encode(const Placement& placement) {
  return packed(Kind::placement, 2, [&](Packer& out) { put(out, placement); });
}

Result<Genesis> decode_genesis(BytesView bytes) {
  return unpacked_row(bytes, Kind::genesis, "a genesis", get_genesis);
}
Result<Cluster> decode_cluster(BytesView bytes) {
  return unpacked_row(bytes, Kind::cluster, "the cluster's row", get_cluster);
}
Result<Member> decode_member(BytesView bytes) {
  return unpacked_row(bytes, Kind::member, "a member's row", get_member);
}
Result<Placement> decode_placement(BytesView bytes) {
  return unpacked_row(bytes, Kind::placement, "a placement's row", get_placement);
}

Bytes encode_result(const Result<void>& result) {
  Bytes bytes;
  Packer out(bytes);
  begin(out, Kind::result, result ? 1 : 3);
  out.truth(result.has_value());
  if (!result) {
    out.number(static_cast<std::uint64_t>(result.error().code));
    out.text(result.error().detail, detail_bytes_max);
  }
  return bytes;
}

Result<void> decode_result(BytesView bytes) {
  struct Outcome {
    bool done = false;
    Error error;
  };
  const auto outcome = unpacked_row(bytes, Kind::result, "a metadata reply", [](Fields& in) {
    Outcome read;
    read.done = in.truth();
    if (!read.done) {
      read.error.code =
          static_cast<Code>(in.number<std::uint8_t>(static_cast<std::uint8_t>(Code::over_budget)));
      read.error.detail = in.text(detail_bytes_max);
    }
    in.end();
    return read;
  });
  if (!outcome) return std::unexpected(outcome.error());
  if (!outcome->done) return std::unexpected(outcome->error);
  return {};
}

}  // namespace nodedb::meta
