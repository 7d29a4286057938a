// SPDX-License-Identifier: Apache-2.0
#include "wire/swim_codec.h"

#include "base/limits.h"

namespace nodedb::wire {

namespace {

/// Numbers are for ever: never reused, never changed.
enum class SwimKind : std::uint8_t { ping = 1, ack, ping_request, nack, gossip, sync };

constexpr std::size_t rumour_bytes_min = 5;

void put_rumours(Writer& out, const std::vector<swim::Rumour>& rumours) {
  out.varint(rumours.size());
  for (const swim::Rumour& rumour : rumours) {
    out.varint(rumour.node.value);
    out.varint(rumour.life.boot.value);
    out.varint(rumour.life.refutation);
    out.u8(static_cast<std::uint8_t>(rumour.standing));
    out.varint(rumour.by.value);
  }
}

std::vector<swim::Rumour> get_rumours(Reader& in) {
  const std::size_t count = in.count(limits::swim_datagram_bytes, rumour_bytes_min);
  std::vector<swim::Rumour> rumours;
  rumours.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    swim::Rumour rumour;
    rumour.node = NodeId(in.varint32());
    rumour.life.boot = Incarnation(in.varint());
    rumour.life.refutation = in.varint32();
    const std::uint8_t standing = in.u8();
    if (standing > static_cast<std::uint8_t>(swim::Standing::left))
      in.refuse(Code::malformed, "an unknown standing");
    rumour.standing = static_cast<swim::Standing>(standing);
    rumour.by = NodeId(in.varint32());
    rumours.push_back(rumour);
  }
  return rumours;
}

struct PutSwim {
  Writer& out;

  void kind(SwimKind kind) const { out.u8(static_cast<std::uint8_t>(kind)); }
  void operator()(const swim::Ping& ping) const {
    kind(SwimKind::ping);
    out.varint(ping.sequence);
    put_rumours(out, ping.rumours);
  }
  void operator()(const swim::Ack& ack) const {
    kind(SwimKind::ack);
    out.varint(ack.sequence);
    put_rumours(out, ack.rumours);
  }
  void operator()(const swim::PingRequest& request) const {
    kind(SwimKind::ping_request);
    out.varint(request.sequence);
    out.varint(request.target.value);
    put_rumours(out, request.rumours);
  }
  void operator()(const swim::Nack& nack) const {
    kind(SwimKind::nack);
    out.varint(nack.sequence);
  }
  void operator()(const swim::Gossip& gossip) const {
    kind(SwimKind::gossip);
    put_rumours(out, gossip.rumours);
  }
  void operator()(const swim::Sync& sync) const {
    kind(SwimKind::sync);
    out.boolean(sync.answer);
    put_rumours(out, sync.rumours);
  }
};

}  // namespace

void put_swim(Writer& out, const swim::Message& message) {
  std::visit(PutSwim{out}, message);
}

swim::Message get_swim(Reader& in) {
  switch (static_cast<SwimKind>(in.u8())) {
    case SwimKind::ping: {
      const std::uint64_t sequence = in.varint();
      return swim::Ping{sequence, get_rumours(in)};
    }
    case SwimKind::ack: {
      const std::uint64_t sequence = in.varint();
      return swim::Ack{sequence, get_rumours(in)};
    }
    case SwimKind::ping_request: {
      const std::uint64_t sequence = in.varint();
      const NodeId target(in.varint32());
      return swim::PingRequest{sequence, target, get_rumours(in)};
    }
    case SwimKind::nack:
      return swim::Nack{in.varint()};
    case SwimKind::gossip:
      return swim::Gossip{get_rumours(in)};
    case SwimKind::sync: {
      const bool answer = in.boolean();
      return swim::Sync{answer, get_rumours(in)};
    }
  }
  in.refuse(Code::incompatible, "an unknown kind");
  return swim::Nack{};
}

}  // namespace nodedb::wire
