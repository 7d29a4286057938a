// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/apply_loop.h"

#include <chrono>
#include <thread>

#include "edge/base/log.h"

namespace nodedb::edge {

void ApplyLoop::close(bool abandon) {
  if (abandon) abandoned_ = true;
  inbox_.close();
}

void ApplyLoop::run() {
  while (true) {
    const std::vector<node::StateTask> tasks = inbox_.take_all(never);
    if (tasks.empty() && inbox_.finished()) return;
    for (const node::StateTask& task : tasks)
      if (!carry_out(task)) return discard();
  }
}

void ApplyLoop::discard() {
  while (!inbox_.finished()) inbox_.take_all(never);
}

bool ApplyLoop::carry_out(const node::StateTask& task) {
  while (true) {
    auto done = applier_.run(task);
    if (done) {
      if (full_) {
        full_ = false;
        log::info("the state store has room again");
      }
      if (done->flush)
        flush_.give(std::move(*done));
      else
        core_.report(node::FromState{std::move(done->done)});
      return true;
    }
    if (done.error().code != Code::disk_full) {
      on_failure_(done.error());
      return false;
    }
    if (!full_) {
      full_ = true;
      log::warn("the disk is full; applying waits for room", {{"detail", done.error().detail}});
    }
    if (abandoned_) return false;
    std::this_thread::sleep_for(std::chrono::nanoseconds(disk_retry_ns));
  }
}

}  // namespace nodedb::edge
