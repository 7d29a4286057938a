// SPDX-License-Identifier: Apache-2.0
#pragma once

// A view with writes on top that are not stored yet: lets several entries of one group be applied in one
// batch, each seeing what the earlier ones did; and a store keep back what it does not want to write yet.
// Pure.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "node/row_changes.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::node {

class Overlay : public View {
 public:
  explicit Overlay(const View& below) : below_(below) {}

  void add(const Write& write);
  void add(Write&& write);  ///< of which a large value is not copied

  std::optional<Bytes> get(BytesView key) const override;
  std::optional<Bytes> head(BytesView key, std::size_t bytes_max) const override;
  std::unique_ptr<Cursor> seek(BytesView from) const override;

  // What was added, as it is now: the ranges were deleted first. Hold until the next `add`.
  const std::map<Bytes, Bytes, std::less<>>& ranges() const { return ranges_; }
  std::span<const RowChange* const> changes() const;  ///< ascending

 private:
  friend class OverlayCursor;

  RowChange& change_of(BytesView key);
  void hide(const DeleteRange& range);
  void forget(BytesView from, BytesView to);
  bool erased(BytesView key) const;

  const View& below_;
  // Most changes are asked for by their keys, if at all. Their order is made when it is wanted.
  RowChanges changes_;
  mutable std::vector<const RowChange*> order_;
  mutable std::size_t ordered_ = 0;  ///< so many of them, from the front, are in order
  std::map<Bytes, Bytes, std::less<>>
      ranges_;  ///< deleted [from, to) of the view below, disjoint; empty `to`: no end
};

}  // namespace nodedb::node
