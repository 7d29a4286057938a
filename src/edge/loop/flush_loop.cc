// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/flush_loop.h"

#include <chrono>
#include <thread>

#include "edge/base/log.h"

namespace nodedb::edge {

void FlushLoop::close(bool abandon) {
  if (abandon) abandoned_ = true;
  inbox_.close();
}

void FlushLoop::run() {
  bool stops = false;
  while (!inbox_.finished()) {
    for (node::Applier::Outcome& outcome : inbox_.take_all(never))
      stops = stops || !finish(std::move(outcome));
  }
}

bool FlushLoop::finish(node::Applier::Outcome outcome) {
  while (true) {
    if (abandoned_) return false;
    const auto flushed = outcome.flush->finish();
    if (flushed) break;
    if (flushed.error().code != Code::disk_full) {
      on_failure_(flushed.error());
      return false;
    }
    if (!full_) {
      full_ = true;
      log::warn("the disk is full; a flush waits for room", {{"detail", flushed.error().detail}});
    }
    std::this_thread::sleep_for(std::chrono::nanoseconds(disk_retry_ns));
  }
  if (full_) {
    full_ = false;
    log::info("the state store has room to flush again");
  }
  core_.report(node::FromState{std::move(outcome.done)});
  return true;
}

}  // namespace nodedb::edge
