// SPDX-License-Identifier: Apache-2.0
#pragma once

// A view over a map, for tests.

#include <map>

#include "nodedb/cluster/state_machine.h"

namespace nodedb::node::test {

using Rows = std::map<Bytes, Bytes, std::less<>>;

class MemoryView : public View {
 public:
  explicit MemoryView(const Rows& rows) : rows_(rows) {}
  std::optional<Bytes> get(BytesView key) const override {
    const auto at = rows_.find(key);
    if (at == rows_.end()) return std::nullopt;
    return at->second;
  }
  std::unique_ptr<Cursor> seek(BytesView from) const override {
    return std::make_unique<MemoryCursor>(rows_, rows_.lower_bound(from));
  }

 private:
  struct MemoryCursor : Cursor {
    MemoryCursor(const Rows& rows, Rows::const_iterator at) : rows_(rows), at_(at) {}
    bool valid() const override { return at_ != rows_.end(); }
    void next() override { ++at_; }
    BytesView key() const override { return at_->first; }
    BytesView value() const override { return at_->second; }
    const Rows& rows_;
    Rows::const_iterator at_;
  };
  const Rows& rows_;
};

inline void apply_to(Rows& rows, const Write& write) {
  if (const auto* put = std::get_if<Put>(&write)) {
    rows.insert_or_assign(put->key, put->value);
  } else if (const auto* erase = std::get_if<Delete>(&write)) {
    rows.erase(erase->key);
  } else {
    const auto& range = std::get<DeleteRange>(write);
    if (!range.to.empty() && range.to <= range.from) return;
    rows.erase(rows.lower_bound(range.from), range.to.empty() ? rows.end() : rows.lower_bound(range.to));
  }
}

}  // namespace nodedb::node::test
