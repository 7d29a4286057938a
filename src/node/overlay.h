// SPDX-License-Identifier: Apache-2.0
#pragma once

// A view with writes on top that are not stored yet: lets several entries of one group be applied in one
// batch, each seeing what the earlier ones did. Pure; lives for one apply.

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

 private:
  friend class OverlayCursor;
  bool erased(BytesView key) const;

  const View& below_;
  std::map<Bytes, std::optional<Bytes>, std::less<>> changes_;  ///< nothing: deleted
  std::map<Bytes, Bytes, std::less<>>
      ranges_;  ///< deleted [from, to) of the view below, disjoint; empty `to`: no end
};

}  // namespace nodedb::node
