// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/disk_loop.h"

#include <algorithm>
#include <iterator>
#include <thread>

namespace nodedb::edge {

bool DiskLoop::give(DiskItem item, bool wait) {
  ++given_;
  return inbox_.give(std::move(item), wait);
}

void DiskLoop::close(bool abandon) {
  if (abandon) full_disk_.abandon();
  inbox_.close();
}

void DiskLoop::run() {
  while (true) {
    std::vector<DiskItem> items = inbox_.take_all(never);
    if (items.empty()) {
      if (inbox_.finished()) return;
      continue;
    }
    // Whoever can run may add to what the sync takes along. With a core to spare this waits for nobody.
    std::this_thread::yield();
    std::ranges::move(inbox_.take_all(long_ago), std::back_inserter(items));
    // In portions, so that one write's memory and time stay within reason after a long wait.
    for (std::size_t from = 0; from < items.size();) {
      const std::size_t count = portion(items, from);
      const auto begin = std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(from));
      if (!carry_out({begin, begin + static_cast<std::ptrdiff_t>(count)})) return discard();
      from += count;
    }
  }
}

std::size_t DiskLoop::portion(const std::vector<DiskItem>& items, std::size_t from) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (; from + count < items.size() && count < batches_max && bytes < bytes_max; ++count) {
    const std::optional<node::LogWrite>& log = items[from + count].log;
    if (!log) continue;
    for (const node::GroupLogUpdate& update : log->batch.groups)
      for (const raft::Entry& entry : update.append) bytes += entry.bytes();
  }
  return count;
}

bool DiskLoop::carry_out(std::vector<DiskItem> items) {
  std::vector<node::LogBatch> batches;
  std::uint64_t durable = 0;
  for (DiskItem& item : items) {
    if (!item.log) continue;
    durable = item.log->id;
    batches.push_back(std::move(item.log->batch));
  }
  if (!batches.empty() && !full_disk_.carry_out([&] { return store_.write(batches); })) return false;

  ToNet out;
  for (DiskItem& item : items) std::ranges::move(item.after, std::back_inserter(out.messages));
  if (!out.empty()) static_cast<void>(net_.push(std::move(out)));
  done_.fetch_add(items.size(), std::memory_order_release);
  if (batches.empty()) return true;
  const bool steps = inbox_.empty();
  core_.report(node::LogDurable{durable}, steps);
  if (steps) core_.step_here();
  return true;
}

void DiskLoop::discard() {
  while (!inbox_.finished()) inbox_.take_all(never);
}

}  // namespace nodedb::edge
