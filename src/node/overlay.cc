// SPDX-License-Identifier: Apache-2.0
#include "node/overlay.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace nodedb::node {

namespace {

bool ends_before(BytesView key, BytesView to) {
  return !to.empty() && key >= to;
}

/// The later of two range ends; empty means no end.
const Bytes& later_end(const Bytes& a, const Bytes& b) {
  if (a.empty() || b.empty()) return a.empty() ? a : b;
  return a < b ? b : a;
}

BytesView key_of(const RowChange* change) {
  return change->key();
}

}  // namespace

/// Merges the two ordered sources; a change hides the row below with the same key.
class OverlayCursor : public Cursor {
 public:
  OverlayCursor(const Overlay& overlay, BytesView from)
      : overlay_(overlay),
        below_(overlay.below_.seek(from)),
        changes_(overlay.changes()),
        change_(std::ranges::lower_bound(changes_, from, {}, key_of)) {
    settle();
  }

  bool valid() const override { return on_change_ || below_->valid(); }
  void next() override {
    CHECK(valid());
    if (on_change_) {
      ++change_;
    } else {
      below_->next();
    }
    settle();
  }
  BytesView key() const override { return on_change_ ? key_of(*change_) : below_->key(); }
  BytesView value() const override { return on_change_ ? *(*change_)->value() : below_->value(); }

 private:
  /// Moves to the first pair, at or after both cursors, that is there at all.
  void settle() {
    while (true) {
      while (below_->valid() && overlay_.erased(below_->key())) below_->next();
      const bool change_left = change_ != changes_.end();
      if (!change_left || (below_->valid() && below_->key() < key_of(*change_))) {
        on_change_ = false;
        return;
      }
      if (below_->valid() && below_->key() == key_of(*change_)) below_->next();
      if ((*change_)->value()) {
        on_change_ = true;
        return;
      }
      ++change_;
    }
  }

  const Overlay& overlay_;
  std::unique_ptr<Cursor> below_;
  std::span<const RowChange* const> changes_;
  std::span<const RowChange* const>::iterator change_;
  bool on_change_ = false;
};

void Overlay::add(const Write& write) {
  if (const auto* put = std::get_if<Put>(&write)) {
    change_of(put->key).put(put->value);
  } else if (const auto* erase = std::get_if<Delete>(&write)) {
    change_of(erase->key).erase();
  } else {
    hide(std::get<DeleteRange>(write));
  }
}

void Overlay::add(Write&& write) {
  if (auto* put = std::get_if<Put>(&write)) {
    change_of(put->key).put(std::move(put->value));
  } else {
    add(std::as_const(write));
  }
}

void Overlay::hide(const DeleteRange& range) {
  if (!range.to.empty() && range.to <= range.from) return;
  forget(range.from, range.to);
  DeleteRange merged = range;
  auto at = ranges_.upper_bound(merged.from);
  if (at != ranges_.begin() && !ends_before(merged.from, std::prev(at)->second)) {
    --at;
    merged = DeleteRange{at->first, later_end(at->second, merged.to)};
    at = ranges_.erase(at);
  }
  while (at != ranges_.end() && (merged.to.empty() || at->first <= merged.to)) {
    merged.to = later_end(at->second, merged.to);
    at = ranges_.erase(at);
  }
  ranges_.emplace(std::move(merged.from), std::move(merged.to));
}

RowChange& Overlay::change_of(BytesView key) {
  const auto [change, fresh] = changes_.of(key);
  if (fresh) order_.push_back(&change);
  return change;
}

std::span<const RowChange* const> Overlay::changes() const {
  const auto fresh = order_.begin() + static_cast<std::ptrdiff_t>(ordered_);
  if (fresh != order_.end()) {
    std::ranges::sort(fresh, order_.end(), {}, key_of);
    std::ranges::inplace_merge(order_, fresh, {}, key_of);
    ordered_ = order_.size();
  }
  return order_;
}

void Overlay::forget(BytesView from, BytesView to) {
  static_cast<void>(changes());  // puts them in order
  const auto first = std::ranges::lower_bound(order_, from, {}, key_of);
  const auto last = to.empty() ? order_.end() : std::ranges::lower_bound(first, order_.end(), to, {}, key_of);
  for (auto at = first; at != last; ++at) changes_.forget((*at)->key());
  order_.erase(first, last);
  ordered_ = order_.size();
}

bool Overlay::erased(BytesView key) const {
  const auto after = ranges_.upper_bound(key);
  return after != ranges_.begin() && !ends_before(key, std::prev(after)->second);
}

std::optional<Bytes> Overlay::get(BytesView key) const {
  return head(key, BytesView::npos);
}

std::optional<Bytes> Overlay::head(BytesView key, std::size_t bytes_max) const {
  if (const RowChange* const change = changes_.find(key)) {
    const auto value = change->value();
    if (!value) return std::nullopt;
    return Bytes(value->substr(0, bytes_max));
  }
  if (erased(key)) return std::nullopt;
  return below_.head(key, bytes_max);
}

std::unique_ptr<Cursor> Overlay::seek(BytesView from) const {
  return std::make_unique<OverlayCursor>(*this, from);
}

}  // namespace nodedb::node
