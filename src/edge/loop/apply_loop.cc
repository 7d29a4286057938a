// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/apply_loop.h"

#include <utility>

namespace nodedb::edge {

void ApplyLoop::close(bool abandon) {
  if (abandon) full_disk_.abandon();
  inbox_.close();
}

void ApplyLoop::run() {
  while (true) {
    const std::vector<node::StateTask> tasks = inbox_.take_all(never);
    if (tasks.empty() && inbox_.finished()) return;
    const bool steps = tasks.size() <= few;
    for (const node::StateTask& task : tasks)
      if (!carry_out(task, steps)) return discard();
    if (steps) core_.step_here();
  }
}

void ApplyLoop::discard() {
  while (!inbox_.finished()) inbox_.take_all(never);
}

bool ApplyLoop::carry_out(const node::StateTask& task, bool steps) {
  auto done = full_disk_.carry_out([&] { return applier_.run(task); });
  if (!done) return false;
  if (auto* read = std::get_if<node::ReadDone>(&done->done))
    read->reply = answers_.count(std::move(read->reply));
  if (done->flush)
    flush_.give(std::move(*done));
  else
    core_.report(node::FromState{std::move(done->done)}, steps);
  return true;
}

}  // namespace nodedb::edge
