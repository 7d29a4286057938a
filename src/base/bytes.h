// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes. `Bytes` owns and may be edited; `BytesView` borrows; `Blob` is immutable and shared, so that an
// entry that is encoded once can sit in the log window, the disk batch and three send queues without a copy.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace nodedb {

using Bytes = std::string;
using BytesView = std::string_view;

/// Adds `size` bytes, which `fill` writes where it is told: a few cost a fraction of what `append` does.
template <class Fill>
void extend(Bytes& out, std::size_t size, const Fill& fill) {
  const std::size_t before = out.size();
  // Not the size that it is told: GCC 12 says there how much there is room for.
  out.resize_and_overwrite(before + size, [&](char* bytes, std::size_t) {
    fill(bytes + before);
    return before + size;
  });
}

class Blob {
 public:
  Blob() = default;
  explicit Blob(Bytes owned) {
    if (owned.empty()) return;
    const auto kept = std::make_shared<const Bytes>(std::move(owned));
    view_ = *kept;
    owner_ = kept;
  }
  /// A copy in one piece of memory.
  static Blob copy_of(BytesView bytes) {
    if (bytes.empty()) return {};
    const auto kept = std::make_shared_for_overwrite<char[]>(bytes.size());
    bytes.copy(kept.get(), bytes.size());
    return {kept, BytesView(kept.get(), bytes.size())};
  }
  /// `view` lies in what `owner` keeps.
  Blob(std::shared_ptr<const void> owner, BytesView view) : owner_(std::move(owner)), view_(view) {}

  /// Shares the whole buffer's lifetime but shows only a part. Pre: offset + size lies within.
  Blob slice(std::size_t offset, std::size_t size) const {
    Blob part;
    part.owner_ = owner_;
    part.view_ = view_.substr(offset, size);
    return part;
  }

  BytesView view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  friend bool operator==(const Blob& a, const Blob& b) { return a.view_ == b.view_; }

 private:
  // Shared because core, disk and net hold the same entry at once and none outlives the others by rule.
  std::shared_ptr<const void> owner_;
  BytesView view_;
};

}  // namespace nodedb
