// SPDX-License-Identifier: Apache-2.0
#include "edge/loop/full_disk.h"

#include <chrono>
#include <thread>

#include "edge/base/log.h"

namespace nodedb::edge {

bool FullDisk::try_again(const Error& error) {
  if (error.code != Code::disk_full) {
    on_failure_(error);
    return false;
  }
  if (!full_) {
    full_ = true;
    log::warn(waits_, {{"detail", error.detail}});
    if (tell_) tell_(true);
  }
  if (abandoned_) return false;
  std::this_thread::sleep_for(std::chrono::nanoseconds(disk_retry_ns));
  return true;
}

void FullDisk::succeeded() {
  if (!std::exchange(full_, false)) return;
  log::info(goes_on_);
  if (tell_) tell_(false);
}

}  // namespace nodedb::edge
