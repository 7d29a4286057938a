// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a thread does about trouble with its disk: a full one gets the same work again until there is room;
// any other failure ends the process. Owned by the thread, but for `abandon`.

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "base/error.h"
#include "edge/loop/stop.h"

namespace nodedb::edge {

class FullDisk {
 public:
  using Tell = std::function<void(bool full)>;

  /// `waits` and `goes_on`: lines for the log. `tell` hears of both, too.
  FullDisk(OnFailure on_failure, std::string waits, std::string goes_on, Tell tell = {})
      : on_failure_(std::move(on_failure)),
        waits_(std::move(waits)),
        goes_on_(std::move(goes_on)),
        tell_(std::move(tell)) {}

  /// Any thread's: a full disk is not waited for any more.
  void abandon() { abandoned_ = true; }
  bool abandoned() const { return abandoned_; }

  /// Until `attempt` has succeeded. An error: the process stops.
  template <class Attempt>
  std::invoke_result_t<Attempt> carry_out(Attempt attempt) {
    auto done = attempt();
    while (!done && try_again(done.error())) done = attempt();
    if (done) succeeded();
    return done;
  }

 private:
  bool try_again(const Error& error);
  void succeeded();

  OnFailure on_failure_;
  std::string waits_;
  std::string goes_on_;
  Tell tell_;
  std::atomic<bool> abandoned_ = false;
  bool full_ = false;
};

}  // namespace nodedb::edge
