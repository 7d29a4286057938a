// SPDX-License-Identifier: Apache-2.0
#pragma once

// Group 0's rows in a map, and the machine over it.

#include <map>

#include "base/check.h"
#include "meta/codec.h"
#include "meta/machine.h"
#include "meta/placement.h"
#include "meta/tables.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::meta::testing {

class MapView : public View {
 public:
  using Rows = std::map<Bytes, Bytes>;
  explicit MapView(const Rows& rows) : rows_(rows) {}
  std::optional<Bytes> get(BytesView key) const override {
    const auto found = rows_.find(Bytes(key));
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<Cursor> seek(BytesView) const override {
    check_failed(__FILE__, __LINE__, "the metadata machine walks no rows");
  }

 private:
  const Rows& rows_;
};

inline Uuid uuid(std::uint8_t last) {
  Uuid made;
  made.bytes[0] = 0xaa;
  made.bytes[15] = last;
  return made;
}

inline GenesisPlan plan(std::uint8_t founders, std::uint32_t replication_factor = 3) {
  GenesisPlan made;
  made.cluster = uuid(255);
  made.replication_factor = replication_factor;
  for (std::uint8_t i = 1; i <= founders; ++i) {
    made.founders.push_back({uuid(i), "host" + std::to_string(i) + ":7400", ""});
  }
  return made;
}

/// A cluster of group 0 alone: rows, tables, and entries one after the other.
class World {
 public:
  explicit World(std::uint8_t founders = 3) {
    for (Put& row : rows_of(make_genesis(plan(founders)).value())) put(std::move(row));
  }

  Result<ApplyOutput> apply(BytesView command) {
    ++index_;
    return Machine().apply(MapView(rows), {VShardId(), Index(index_), {}, command});
  }
  /// What the entry answers; its writes go into rows and tables. Pre: it does not halt.
  Result<void> submit(const MetaEntry& entry) {
    auto output = apply(encode(entry));
    CHECK(output.has_value());
    writes = output->writes.size();
    for (Write& write : output->writes) put(std::get<Put>(std::move(write)));
    return decode_result(output->reply);
  }

  MapView::Rows rows;
  Tables tables;
  std::size_t writes = 0;  ///< of the latest entry

 private:
  void put(Put row) {
    CHECK(tables.absorb(row).has_value());
    rows.insert_or_assign(std::move(row.key), std::move(row.value));
  }

  std::uint64_t index_ = 1;
};

}  // namespace nodedb::meta::testing
