// SPDX-License-Identifier: Apache-2.0
#pragma once

// Completions on the thread of the program's own event loop: an executor with a file descriptor to wait for.
//
//   nodedb::Completions completions;
//   auto node = nodedb::Node::start(options, machine, {.executor = completions.executor()});
//   … poll completions.fd() for reading beside everything else; when it is readable: completions.run();
//
// Must outlive the nodes that use it.

#include <cstddef>
#include <memory>

#include "nodedb/cluster/options.h"

namespace nodedb {

/// A queue of completions.
class Completions {
 public:
  Completions();
  ~Completions();
  Completions(const Completions&) = delete;
  Completions& operator=(const Completions&) = delete;

  /// For NodeHooks. Any thread may call it; what it is given waits for `run`.
  Executor executor();
  /// Readable, level-triggered, while something waits. Not to be read or closed.
  int fd() const;
  /// Runs all that waits, in order, on the calling thread; how much it was. Never blocks.
  std::size_t run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nodedb
