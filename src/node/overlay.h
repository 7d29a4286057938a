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
#include <unordered_map>
#include <utility>
#include <vector>

#include "nodedb/cluster/state_machine.h"

namespace nodedb::node {

class Overlay : public View {
 public:
  using Change = std::pair<const Bytes, std::optional<Bytes>>;  ///< of a row; nothing: it was deleted

  explicit Overlay(const View& below) : below_(below) {}

  void add(Write write);

  std::optional<Bytes> get(BytesView key) const override;
  std::optional<Bytes> head(BytesView key, std::size_t bytes_max) const override;
  std::unique_ptr<Cursor> seek(BytesView from) const override;

  // What was added, as it is now: the ranges were deleted first. Hold until the next `add`.
  const std::map<Bytes, Bytes, std::less<>>& ranges() const { return ranges_; }
  std::span<const Change* const> changes() const;  ///< ascending

 private:
  friend class OverlayCursor;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(BytesView key) const { return std::hash<BytesView>()(key); }
  };

  void set(Bytes key, std::optional<Bytes> value);
  void forget(BytesView from, BytesView to);
  bool erased(BytesView key) const;

  const View& below_;
  // Most changes are asked for by their keys, if at all. Their order is made when it is wanted.
  std::unordered_map<Bytes, std::optional<Bytes>, Hash, std::equal_to<>> changes_;
  mutable std::vector<const Change*> order_;
  mutable std::size_t ordered_ = 0;  ///< so many of them, from the front, are in order
  std::map<Bytes, Bytes, std::less<>>
      ranges_;  ///< deleted [from, to) of the view below, disjoint; empty `to`: no end
};

}  // namespace nodedb::node
