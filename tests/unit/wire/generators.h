// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random values of everything that has bytes, for round trips. Numbers come from where encodings change
// length and from the ends of their ranges, not only from the middle.

#include <rapidcheck.h>

#include "meta/entries.h"
#include "wire/command_codec.h"
#include "wire/identity_codec.h"
#include "wire/messages.h"

namespace nodedb::test {

template <class Number = std::uint64_t>
Number number() {
  const int bits = *rc::gen::inRange(0, static_cast<int>(sizeof(Number) * 8) + 1);
  const auto any = *rc::gen::arbitrary<Number>();
  if (bits == 0) return 0;
  return static_cast<Number>(any >> (static_cast<int>(sizeof(Number) * 8) - bits));
}
inline bool truth() {
  return *rc::gen::arbitrary<bool>();
}
inline std::size_t below(std::size_t bound) {
  return *rc::gen::inRange<std::size_t>(0, bound);
}
inline Bytes bytes(std::size_t size_max = 40) {
  return *rc::gen::resize(static_cast<int>(size_max), rc::gen::arbitrary<std::string>());
}
inline Uuid uuid() {
  return Uuid{*rc::gen::arbitrary<std::array<std::uint8_t, 16>>()};
}
template <class Id>
Id id() {
  return Id(number<typename Id::rep>());
}
inline raft::Position position() {
  const Index index = id<Index>();
  return {index, id<Term>()};
}

raft::Config config();
raft::Entry entry(Index index);
raft::Message raft_message();
raft::Pulse pulse();
wire::SessionStamp stamp();  ///< well-formed, or none
wire::Forward forward();
wire::ForwardReply forward_reply();
Error error();
meta::Cluster cluster();
meta::Member member();
meta::Placement placement();
meta::Genesis genesis();
meta::MetaEntry meta_entry();
wire::PeerMessage peer_message();

}  // namespace nodedb::test
