// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows in memory for the conformance suite: an ordered map, and a view of it that is made quite differently
// (sorted rows, copied out), so that a machine that depends on how its view is made is told apart.

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "nodedb/cluster/state_machine.h"

namespace nodedb::sim {

class MapView final : public View {
 public:
  std::optional<Bytes> get(BytesView key) const override;
  std::unique_ptr<Cursor> seek(BytesView from) const override;

  void write(const Batch& batch);
  const std::map<Bytes, Bytes, std::less<>>& rows() const { return rows_; }

 private:
  std::map<Bytes, Bytes, std::less<>> rows_;
};

class CopiedView final : public View {
 public:
  explicit CopiedView(const MapView& of) : rows_(of.rows().begin(), of.rows().end()) {}
  std::optional<Bytes> get(BytesView key) const override;
  std::unique_ptr<Cursor> seek(BytesView from) const override;

 private:
  std::vector<std::pair<Bytes, Bytes>> rows_;
};

}  // namespace nodedb::sim
