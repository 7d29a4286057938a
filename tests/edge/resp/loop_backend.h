// SPDX-License-Identifier: Apache-2.0
#pragma once

// A backend that answers from a store in memory in a later turn of the server's own loop, all that queued at
// once: as the mailbox from the core thread would.

#include <asio.hpp>
#include <vector>

#include "edge/base/clock.h"
#include "edge/resp/server.h"
#include "tests/edge/resp/fake_store.h"

namespace nodedb::resp::test {

class LoopBackend final : public Backend {
 public:
  explicit LoopBackend(asio::io_context& loop) : loop_(loop) {}

  void call(std::uint64_t tag, VShardCall call) override {
    waiting_.push_back({.tag = tag, .call = std::move(call)});
    if (waiting_.size() == 1) asio::post(loop_, [this] { answer(); });
  }

  Server* server = nullptr;
  bool frozen = false;  ///< answers nothing
  void thaw() {
    frozen = false;
    answer();
  }

 private:
  void answer() {
    if (frozen) return;
    std::vector<HeldBackend::Held> batch;
    batch.swap(waiting_);
    const std::int64_t wall_ns = edge::wall_time().ns;
    for (HeldBackend::Held& held : batch) server->completed(held.tag, store_.run(held.call, wall_ns));
  }

  asio::io_context& loop_;
  FakeStore store_;
  std::vector<HeldBackend::Held> waiting_;
};

}  // namespace nodedb::resp::test
