// SPDX-License-Identifier: Apache-2.0
#pragma once

// A terminal that is drawn on line by line and listened to key by key. Put back as it was at the end, also
// after SIGINT and SIGTERM.

#include <termios.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nodedb::app {

class Terminal {
 public:
  /// Are stdin and stdout one?
  static bool there();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  std::size_t width() const;
  std::size_t height() const;
  void draw(const std::vector<std::string>& lines);
  /// True once `q` was hit or a signal came. Waits that long for it.
  bool ended(std::int64_t wait_ns);

 private:
  termios before_{};
};

}  // namespace nodedb::app
