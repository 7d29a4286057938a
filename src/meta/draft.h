// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to meta/'s machine: the rows that one entry meets, with its own writes on top, so that a batch's
// later entries see what its earlier ones did. Nothing of it is stored unless the whole entry succeeds.

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/names.h"
#include "meta/bugs.h"
#include "meta/codec.h"
#include "meta/migration_table.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::meta {

/// Why an entry has no effect. `halt`: a row cannot be read, so nobody can say what the entry would do.
struct Refusal {
  Error error;
  bool halt = false;
};
using Step = std::expected<void, Refusal>;

inline std::unexpected<Refusal> refuse(Code code, std::string why) {
  return std::unexpected(Refusal{Error{code, std::move(why)}});
}
inline std::unexpected<Refusal> halt(Error error) {
  return std::unexpected(Refusal{std::move(error), true});
}

inline std::string named(MigrationId id) {
  return "migration " + id.text();
}

class Draft {
 public:
  explicit Draft(const View& view, PlantedBugs bugs = {}) : view_(view), bugs_(bugs) {}

  /// Refusals: not_found; halts if the row cannot be read.
  template <class Row>
  std::expected<Row, Refusal> get(const Bytes& key, Result<Row> (*decode)(BytesView),
                                  const std::string& name) const {
    const auto bytes = raw(key);
    if (!bytes) return refuse(Code::not_found, name + " is not known");
    return read(*bytes, decode, name);
  }
  /// Every row whose key begins with `prefix`, in key order; `name` is that of one. Halts if one cannot be
  /// read.
  template <class Row>
  std::expected<std::vector<Row>, Refusal> all(BytesView prefix, Result<Row> (*decode)(BytesView),
                                               const std::string& name) const {
    std::vector<Row> all;
    for (const auto& [key, bytes] : rows(prefix)) {
      auto row = read(bytes, decode, name);
      if (!row) return std::unexpected(std::move(row.error()));
      all.push_back(std::move(*row));
    }
    return all;
  }
  bool has(const Bytes& key) const { return raw(key).has_value(); }
  /// Every row whose key begins with `prefix`.
  std::map<Bytes, Bytes> rows(BytesView prefix) const;

  template <class Row>
  void put(const Bytes& key, const Row& row) {
    writes_.insert_or_assign(key, encode(row));
  }
  void erase(const Bytes& key) {
    if (has(key)) writes_.insert_or_assign(key, std::nullopt);
  }

  /// The migrations under way. What is changed there must be stored by `add`.
  MigrationStateTable& migrations();
  /// Pre: only puts and deletes of one key.
  void add(Batch writes);

  bool changed() const { return !writes_.empty(); }
  /// In key order.
  Batch take();

  const PlantedBugs& bugs() const { return bugs_; }

 private:
  template <class Row>
  static std::expected<Row, Refusal> read(BytesView bytes, Result<Row> (*decode)(BytesView),
                                          const std::string& name) {
    auto row = decode(bytes);
    if (!row) {
      return halt({Code::damaged, "the stored row of " + name + " cannot be read: " + row.error().detail});
    }
    return std::move(*row);
  }
  std::optional<Bytes> raw(const Bytes& key) const {
    const auto written = writes_.find(key);
    return written != writes_.end() ? written->second : view_.get(key);
  }

  const View& view_;
  PlantedBugs bugs_;
  std::map<Bytes, std::optional<Bytes>> writes_;   // nothing: deleted
  std::optional<MigrationStateTable> migrations_;  // nothing: not loaded yet
};

}  // namespace nodedb::meta
