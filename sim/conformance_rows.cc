// SPDX-License-Identifier: Apache-2.0
#include "sim/conformance_rows.h"

#include <algorithm>

namespace nodedb::sim {

namespace {

/// Walks from `at` to `end` of anything that holds pairs of key and value.
template <class Iterator>
class PairCursor final : public Cursor {
 public:
  PairCursor(Iterator at, Iterator end) : at_(at), end_(end) {}
  bool valid() const override { return at_ != end_; }
  void next() override { ++at_; }
  BytesView key() const override { return at_->first; }
  BytesView value() const override { return at_->second; }

 private:
  Iterator at_;
  Iterator end_;
};

}  // namespace

std::optional<Bytes> MapView::get(BytesView key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<Cursor> MapView::seek(BytesView from) const {
  return std::make_unique<PairCursor<std::map<Bytes, Bytes, std::less<>>::const_iterator>>(
      rows_.lower_bound(from), rows_.end());
}

void MapView::write(const Batch& batch) {
  for (const Write& one : batch) {
    if (const auto* put = std::get_if<Put>(&one)) {
      rows_.insert_or_assign(put->key, put->value);
    } else if (const auto* gone = std::get_if<Delete>(&one)) {
      rows_.erase(gone->key);
    } else {
      const auto& range = std::get<DeleteRange>(one);
      const auto first = rows_.lower_bound(range.from);
      const auto last = range.to.empty() ? rows_.end() : rows_.lower_bound(range.to);
      if (range.to.empty() || range.from <= range.to) rows_.erase(first, last);
    }
  }
}

std::optional<Bytes> CopiedView::get(BytesView key) const {
  const auto found = std::ranges::lower_bound(rows_, key, {}, &std::pair<Bytes, Bytes>::first);
  return found == rows_.end() || found->first != key ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<Cursor> CopiedView::seek(BytesView from) const {
  const auto first = std::ranges::lower_bound(rows_, from, {}, &std::pair<Bytes, Bytes>::first);
  return std::make_unique<PairCursor<std::vector<std::pair<Bytes, Bytes>>::const_iterator>>(first,
                                                                                            rows_.end());
}

}  // namespace nodedb::sim
