// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole key space in memory behind the real key-value machine: what the cluster is to the Redis port,
// without the cluster.

#include <array>
#include <deque>

#include "base/ids.h"
#include "edge/resp/backend.h"
#include "kv/machine.h"
#include "tests/unit/kv/map_view.h"

namespace nodedb::resp::test {

class FakeStore {
 public:
  Result<Blob> run(const VShardCall& call, std::int64_t wall_ns) {
    Shard& shard = shards_[call.vshard.value];
    const Hlc hlc{.wall_ns = wall_ns, .logical = 0};
    if (!call.write) {
      return Blob(machine_.read(
          shard.view,
          {.vshard = call.vshard, .applied = shard.applied, .hlc = hlc, .query = call.command.view()}));
    }
    ++shard.applied;
    auto output = machine_.apply(
        shard.view,
        {.vshard = call.vshard, .index = shard.applied, .hlc = hlc, .command = call.command.view()});
    if (!output) return std::unexpected(output.error());
    shard.view.apply(output->writes);
    return Blob(std::move(output->reply));
  }

 private:
  struct Shard {
    kv::test::MapView view;
    Index applied{1};
  };
  kv::Machine machine_;
  std::array<Shard, vshard_count> shards_;
};

/// Keeps the calls until the test lets them go, one by one.
class HeldBackend final : public Backend {
 public:
  struct Held {
    std::uint64_t tag = 0;
    VShardCall call;
  };
  void call(std::uint64_t tag, VShardCall call) override {
    calls.push_back({.tag = tag, .call = std::move(call)});
  }
  std::deque<Held> calls;
};

}  // namespace nodedb::resp::test
