// SPDX-License-Identifier: Apache-2.0
#include "meta/codec.h"

#include <algorithm>

#include "meta/pack.h"

namespace nodedb::meta {

namespace {

constexpr std::uint64_t format_version = 1;
constexpr std::size_t detail_bytes_max = 1024;
constexpr std::size_t text_bytes_max = 4096;  // above every text's own cap
constexpr std::size_t depth_max = 8;
constexpr std::size_t array_max = std::max<std::size_t>(vshard_count, limits::meta_batch_max) + 8;

// Numbers on disk and on the wire: never changed.
enum class Kind : std::uint8_t {
  cluster = 1,
  member = 2,
  placement = 3,
  genesis = 4,
  member_up = 16,
  placement_change = 17,
  cluster_version = 18,
  batch = 19,
  result = 32,
};

void begin(Packer& out, Kind kind, std::size_t fields) {
  out.array(2 + fields);
  out.number(format_version);
  out.number(static_cast<std::uint64_t>(kind));
}

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

// --- the fields of each shape, without version and kind ---

void put(Packer& out, const Cluster& cluster) {
  out.uuid(cluster.uuid);
  out.number(cluster.version);
  out.number(cluster.replication_factor);
}

Cluster get_cluster(Fields& in) {
  Cluster cluster;
  cluster.uuid = in.uuid();
  cluster.version = in.number<std::uint32_t>();
  cluster.replication_factor = in.number<std::uint32_t>();
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
}

Member get_member(Fields& in) {
  Member member;
  member.id = NodeId(in.number<std::uint32_t>());
  member.uuid = in.uuid();
  member.address = in.text(limits::address_bytes_max);
  member.client_address = in.text(limits::address_bytes_max);
  member.incarnation = Incarnation(in.number<std::uint64_t>());
  member.state =
      static_cast<MemberState>(in.number<std::uint8_t>(static_cast<std::uint8_t>(MemberState::active)));
  in.end();
  return member;
}

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

void put(Packer& out, const Genesis& genesis) {
  out.array(3);
  put(out, genesis.cluster);
  out.array(genesis.members.size());
  for (const Member& member : genesis.members) {
    out.array(6);
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
  Fields cluster = in.array(3);
  genesis.cluster = get_cluster(cluster);
  Fields members = in.array(limits::nodes_max);
  while (members.ok() && members.left() > 0) {
    Fields member = members.array(6);
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

// --- entries: with version and kind each, so that those of a batch are read like any other ---

struct PutEntry {
  Packer& out;

  void operator()(const MemberUp& up) const {
    begin(out, Kind::member_up, 4);
    out.number(up.node.value);
    out.number(up.incarnation.value);
    out.text(up.address, limits::address_bytes_max);
    out.text(up.client_address, limits::address_bytes_max);
  }
  void operator()(const PlacementChange& change) const {
    begin(out, Kind::placement_change, 3);
    out.number(change.vshard.value);
    put(out, change.placement);
  }
  void operator()(const ClusterVersion& version) const {
    begin(out, Kind::cluster_version, 1);
    out.number(version.version);
  }
  void operator()(const MetaBatch& batch) const {
    begin(out, Kind::batch, 1);
    out.array(batch.entries.size());
    for (const SingleEntry& entry : batch.entries) std::visit(*this, entry);
  }
};

// Takes version and kind off. A later version may have any shape behind them, so nothing else is looked at.
Kind get_kind(Fields& in, Trouble& trouble) {
  const auto version = in.number<std::uint64_t>();
  if (in.ok() && version != format_version) {
    trouble.refuse(Code::incompatible, "it has version " + std::to_string(version) +
                                           "; this build reads version " + std::to_string(format_version));
  }
  return static_cast<Kind>(in.number<std::uint8_t>());
}

MemberUp get_member_up(Fields& in) {
  MemberUp up;
  up.node = NodeId(in.number<std::uint32_t>());
  up.incarnation = Incarnation(in.number<std::uint64_t>());
  up.address = in.text(limits::address_bytes_max);
  up.client_address = in.text(limits::address_bytes_max);
  in.end();
  return up;
}

PlacementChange get_placement_change(Fields& in) {
  PlacementChange change;
  change.vshard = VShardId(in.number<std::uint16_t>(vshard_count - 1));
  change.placement = get_placement(in);
  return change;
}

ClusterVersion get_cluster_version(Fields& in) {
  const ClusterVersion version{in.number<std::uint32_t>()};
  in.end();
  return version;
}

SingleEntry get_single(Fields& in, Kind kind, Trouble& trouble) {
  switch (kind) {
    case Kind::member_up:
      return get_member_up(in);
    case Kind::placement_change:
      return get_placement_change(in);
    case Kind::cluster_version:
      return get_cluster_version(in);
    case Kind::batch:
      trouble.refuse(Code::malformed, "batches do not nest");
      return {};
    case Kind::cluster:
    case Kind::member:
    case Kind::placement:
    case Kind::genesis:
    case Kind::result:
      trouble.refuse(Code::malformed, "it is not an entry");
      return {};
  }
  trouble.refuse(Code::incompatible,
                 "it has the unknown kind " + std::to_string(static_cast<unsigned>(kind)));
  return {};
}

MetaEntry get_entry(Fields& in, Kind kind, Trouble& trouble) {
  if (kind != Kind::batch) {
    return std::visit([](auto&& entry) -> MetaEntry { return std::move(entry); },
                      get_single(in, kind, trouble));
  }
  MetaBatch batch;
  Fields entries = in.array(limits::meta_batch_max);
  while (entries.ok() && entries.left() > 0) {
    Fields entry = entries.array(array_max);
    const Kind inner = get_kind(entry, trouble);
    if (entries.ok()) batch.entries.push_back(get_single(entry, inner, trouble));
  }
  in.end();
  return batch;
}

// Unpacks one array and gives it to `get`, behind its version and kind. The only place where the library may
// throw: its exceptions mean bytes that are no MessagePack, or too much of it.
template <class Get>
auto unpacked(BytesView bytes, const char* what, Get get)
    -> Result<decltype(get(std::declval<Fields&>(), Kind(), std::declval<Trouble&>()))> {
  Trouble trouble;
  msgpack::object_handle handle;
  try {
    std::size_t used = 0;
    handle =
        msgpack::unpack(bytes.data(), bytes.size(), used, nullptr, nullptr,
                        msgpack::unpack_limit(array_max, 0, text_bytes_max, text_bytes_max, 0, depth_max));
    if (used != bytes.size()) trouble.refuse(Code::malformed, "bytes are left over");
  } catch (const msgpack::size_overflow&) {
    trouble.refuse(Code::too_large, "an element is larger than its cap");
  } catch (const msgpack::unpack_error&) {
    trouble.refuse(Code::malformed, "the bytes are no MessagePack, or are cut short");
  }
  if (!trouble.ok()) return std::unexpected(trouble.error(what));
  Fields in(handle.get(), trouble);
  const Kind kind = get_kind(in, trouble);
  if (!trouble.ok()) return std::unexpected(trouble.error(what));
  auto value = get(in, kind, trouble);
  if (!trouble.ok()) return std::unexpected(trouble.error(what));
  return value;
}

template <class Get>
auto unpacked_row(BytesView bytes, Kind wanted, const char* what, Get get) {
  return unpacked(bytes, what, [&](Fields& in, Kind kind, Trouble& trouble) {
    if (kind != wanted) trouble.refuse(Code::malformed, "it is of another kind");
    return get(in);
  });
}

template <class Shape>
Bytes packed(Kind kind, std::size_t fields, const Shape& shape) {
  Bytes bytes;
  Packer out(bytes);
  begin(out, kind, fields);
  put(out, shape);
  return bytes;
}

}  // namespace

Bytes encode(const Genesis& genesis) {
  return packed(Kind::genesis, 4, genesis);
}
Bytes encode(const Cluster& cluster) {
  return packed(Kind::cluster, 3, cluster);
}
Bytes encode(const Member& member) {
  return packed(Kind::member, 6, member);
}
Bytes encode(const Placement& placement) {
  return packed(Kind::placement, 2, placement);
}

Bytes encode(const MetaEntry& entry) {
  Bytes bytes;
  Packer out(bytes);
  std::visit(PutEntry{out}, entry);
  return bytes;
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
Result<MetaEntry> decode_entry(BytesView bytes) {
  return unpacked(bytes, "a metadata entry", get_entry);
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
          static_cast<Code>(in.number<std::uint8_t>(static_cast<std::uint8_t>(Code::unsupported)));
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
