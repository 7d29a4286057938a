// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/flush_loop.h"

#include <utility>

namespace nodedb::edge {

void FlushLoop::close(bool abandon) {
  if (abandon) full_disk_.abandon();
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
  if (full_disk_.abandoned()) return false;
  if (!full_disk_.carry_out([&] { return outcome.flush->finish(); })) return false;
  core_.report(node::FromState{std::move(outcome.done)});
  return true;
}

}  // namespace nodedb::edge
