// SPDX-License-Identifier: Apache-2.0
#pragma once

// SIGINT and SIGTERM as a wish to come to an end: a command that has begun something finishes it and prints
// what there is. A second signal ends the process.

namespace nodedb::app {

class Interrupt {
 public:
  /// From now on, while it lives. One at a time.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Has a signal come? Any thread.
  static bool came();
};

}  // namespace nodedb::app
