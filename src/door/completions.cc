// SPDX-License-Identifier: Apache-2.0
#include "nodedb/cluster/completions.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <limits>
#include <vector>

#include "base/check.h"
#include "edge/base/mailbox.h"
#include "edge/disk/files.h"

namespace nodedb {

namespace {

/// What waits is bounded by the requests of the nodes that use it; pictures of the placement come on top.
constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

}  // namespace

struct Completions::Impl {
  Impl() : ready(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), inbox(unbounded, [this] { announce(); }) {
    CHECK(ready.valid());
  }
  void announce() const {
    // Fails only if it is readable anyway.
    static_cast<void>(::eventfd_write(ready.get(), 1));
  }

  edge::FileHandle ready;
  edge::Mailbox<std::move_only_function<void()>> inbox;
};

Completions::Completions() : impl_(std::make_unique<Impl>()) {}
Completions::~Completions() = default;

Executor Completions::executor() {
  return [impl = impl_.get()](std::move_only_function<void()> what) {
    static_cast<void>(impl->inbox.push(std::move(what)));
  };
}

int Completions::fd() const {
  return impl_->ready.get();
}

std::size_t Completions::run() {
  eventfd_t count = 0;
  static_cast<void>(::eventfd_read(impl_->ready.get(), &count));
  std::vector<std::move_only_function<void()>> waiting = impl_->inbox.take_all(long_ago);
  for (auto& one : waiting) one();
  return waiting.size();
}

}  // namespace nodedb
