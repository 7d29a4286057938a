// SPDX-License-Identifier: Apache-2.0
#pragma once

// One node of the write path, with what its threads would hold: the Redis port's gateway and connections, the
// applier and its store, and the byte streams to and from the other nodes.

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "bench/instructions/meter.h"
#include "edge/resp/gateway.h"
#include "edge/resp/parser.h"
#include "kv/machine.h"
#include "meta/machine.h"
#include "node/applier.h"
#include "node/node.h"
#include "tests/unit/node/memory_store.h"
#include "wire/frame.h"

namespace nodedb::bench {

inline constexpr std::size_t connections_per_node = 5;

/// A store that is not counted.
class Store final : public node::test::MemoryStore {
 public:
  std::unique_ptr<View> view(GroupId group) override;
  Result<void> write(std::vector<node::GroupStateUpdate> updates) override;
};

class Member final : public resp::Backend {
 public:
  /// The `place`-th of three founders, counted from 0.
  Member(std::size_t place, Now now);

  // --- the parts ---
  void read(Now now);
  void step(Now now);
  /// This turn's messages, as bytes for `take_sent`.
  void encode();
  void decode(std::size_t from, BytesView bytes);
  void apply();
  void reply();

  // --- what is around them ---
  void happened(node::Event event) { inbox_.push_back(std::move(event)); }
  const node::Node& node() const { return node_; }
  const node::Turn& turn() const { return turn_; }
  /// The disk is that fast.
  void make_durable();
  Bytes take_sent(std::size_t to) { return std::exchange(sent_[to], {}); }
  void client_says(std::size_t connection, BytesView bytes);
  /// How many times clients were told +OK since the last call.
  std::size_t clients_heard();

  void call(std::uint64_t tag, resp::VShardCall call) override;

 private:
  struct Connection {
    resp::Parser parser;
    resp::Session* session = nullptr;
    bool fed = false;
  };

  Store store_;
  kv::Machine data_machine_;
  meta::Machine metadata_machine_;
  node::Applier applier_{store_, data_machine_, metadata_machine_};
  node::Node node_;
  resp::Gateway clients_{{}, *this, Rng(1)};
  std::array<Connection, connections_per_node> connections_;
  std::vector<node::Event> inbox_;
  node::Turn turn_;
  std::array<Bytes, 3> sent_;               ///< by receiver
  std::vector<wire::FrameReader> readers_;  ///< by sender
};

}  // namespace nodedb::bench
