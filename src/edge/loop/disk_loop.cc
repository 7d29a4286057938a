// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/disk_loop.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>

#include "edge/base/log.h"

namespace nodedb::edge {

void DiskLoop::give(DiskItem item) {
  ++given_;
  static_cast<void>(inbox_.push(std::move(item)));
}

void DiskLoop::close(bool abandon) {
  if (abandon) abandoned_ = true;
  inbox_.close();
}

void DiskLoop::run() {
  while (true) {
    std::vector<DiskItem> items = inbox_.take_all(never);
    if (items.empty()) {
      if (inbox_.finished()) return;
      continue;
    }
    // In portions, so that one batch's memory stays within reason after a long wait.
    for (std::size_t from = 0; from < items.size(); from += batches_max) {
      const auto begin = items.begin() + static_cast<std::ptrdiff_t>(from);
      const auto end =
          items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), from + batches_max));
      if (!carry_out({std::make_move_iterator(begin), std::make_move_iterator(end)})) return discard();
    }
  }
}

bool DiskLoop::carry_out(std::vector<DiskItem> items) {
  std::vector<node::LogBatch> batches;
  std::uint64_t durable = 0;
  for (DiskItem& item : items) {
    if (!item.log) continue;
    durable = item.log->id;
    batches.push_back(std::move(item.log->batch));
  }
  if (!batches.empty() && !write(batches)) return false;

  ToNet out;
  for (DiskItem& item : items) std::ranges::move(item.after, std::back_inserter(out.messages));
  if (!out.empty()) static_cast<void>(net_.push(std::move(out)));
  done_.fetch_add(items.size(), std::memory_order_release);
  if (!batches.empty()) core_.report(node::LogDurable{durable});
  return true;
}

void DiskLoop::discard() {
  while (!inbox_.finished()) inbox_.take_all(never);
}

bool DiskLoop::write(const std::vector<node::LogBatch>& batches) {
  while (true) {
    const auto written = store_.write(batches);
    if (written) break;
    if (written.error().code != Code::disk_full) {
      on_failure_(written.error());
      return false;
    }
    if (!full_) {
      full_ = true;
      log::warn("the disk is full; writes wait for room", {{"detail", written.error().detail}});
      core_.report(node::DiskRoom{.full = true});
    }
    if (abandoned_) return false;
    std::this_thread::sleep_for(std::chrono::nanoseconds(disk_retry_ns));
  }
  if (full_) {
    full_ = false;
    log::info("the disk has room again");
    core_.report(node::DiskRoom{.full = false});
  }
  return true;
}

}  // namespace nodedb::edge
