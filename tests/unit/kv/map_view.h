// SPDX-License-Identifier: Apache-2.0
#pragma once

// One vShard's rows in memory: what a store gives the state machine, in its plainest form.

#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "nodedb/cluster/state_machine.h"

namespace nodedb::kv::test {

class MapView final : public View {
 public:
  using Rows = std::map<Bytes, Bytes, std::less<>>;

  std::optional<Bytes> get(BytesView key) const override {
    const auto found = rows.find(key);
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<Cursor> seek(BytesView from) const override {
    return std::make_unique<MapCursor>(rows, rows.lower_bound(from));
  }

  void apply(const Batch& batch) {
    for (const Write& write : batch) {
      if (const auto* put = std::get_if<Put>(&write)) rows[put->key] = put->value;
      if (const auto* gone = std::get_if<Delete>(&write)) rows.erase(gone->key);
      if (const auto* range = std::get_if<DeleteRange>(&write)) {
        const auto end = range->to.empty() ? rows.end() : rows.lower_bound(range->to);
        rows.erase(rows.lower_bound(range->from), end);
      }
    }
  }

  Rows rows;

 private:
  class MapCursor final : public Cursor {
   public:
    MapCursor(const Rows& rows, Rows::const_iterator at) : rows_(rows), at_(at) {}
    bool valid() const override { return at_ != rows_.end(); }
    void next() override { ++at_; }
    BytesView key() const override { return at_->first; }
    BytesView value() const override { return at_->second; }

   private:
    const Rows& rows_;
    Rows::const_iterator at_;
  };
};

}  // namespace nodedb::kv::test
