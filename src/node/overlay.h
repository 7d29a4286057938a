// SPDX-License-Identifier: Apache-2.0
#pragma once

// A view with writes on top that are not stored yet: lets several entries of one group be applied in one
// batch, each seeing what the earlier ones did; and a store keep back what it does not want to write yet.
// Pure.

#include <map>
#include <memory>
#include <optional>

#include "nodedb/cluster/state_machine.h"

namespace nodedb::node {

class Overlay : public View {
 public:
  explicit Overlay(const View& below) : below_(below) {}

  void add(const Write& write);

  std::optional<Bytes> get(BytesView key) const override;
  std::unique_ptr<Cursor> seek(BytesView from) const override;

  /// What was added, as it is now: the ranges were deleted first.
  const std::map<Bytes, Bytes, std::less<>>& ranges() const { return ranges_; }
  const std::map<Bytes, std::optional<Bytes>, std::less<>>& changes() const { return changes_; }

 private:
  friend class OverlayCursor;
  bool erased(BytesView key) const;

  const View& below_;
  std::map<Bytes, std::optional<Bytes>, std::less<>> changes_;  ///< nothing: deleted
  std::map<Bytes, Bytes, std::less<>>
      ranges_;  ///< deleted [from, to) of the view below, disjoint; empty `to`: no end
};

}  // namespace nodedb::node
