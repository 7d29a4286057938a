// SPDX-License-Identifier: Apache-2.0
#pragma once

// Group 0's rows in a map, and the machine over it.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>

#include "base/check.h"
#include "meta/codec.h"
#include "meta/machine.h"
#include "meta/placement.h"
#include "meta/tables.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::meta::test {

class MapView : public View {
 public:
  using Rows = std::map<Bytes, Bytes>;
  explicit MapView(const Rows& rows) : rows_(rows) {}
  std::optional<Bytes> get(BytesView key) const override {
    const auto found = rows_.find(Bytes(key));
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<Cursor> seek(BytesView from) const override {
    return std::make_unique<Walk>(rows_, rows_.lower_bound(Bytes(from)));
  }

 private:
  class Walk : public Cursor {
   public:
    Walk(const Rows& rows, Rows::const_iterator at) : end_(rows.end()), at_(at) {}
    bool valid() const override { return at_ != end_; }
    void next() override { ++at_; }
    BytesView key() const override { return at_->first; }
    BytesView value() const override { return at_->second; }

   private:
    Rows::const_iterator end_;
    Rows::const_iterator at_;
  };

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
    for (const Put& row : rows_of(make_genesis(plan(founders)).value())) store(row);
  }

  explicit World(MapView::Rows from) {
    for (auto& [key, value] : from) store(Put{key, value});
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
    for (const Write& write : output->writes) store(write);
    return decode_result(output->reply);
  }

  MapView::Rows rows;
  Tables tables;
  std::size_t writes = 0;                         ///< of the latest entry
  std::uint64_t index() const { return index_; }  ///< of the latest entry

 private:
  void store(const Write& write) {
    CHECK(tables.absorb(write).has_value());
    if (const auto* put = std::get_if<Put>(&write)) {
      rows.insert_or_assign(put->key, put->value);
    } else {
      rows.erase(std::get<Delete>(write).key);
    }
  }

  std::uint64_t index_ = 1;
};

/// Five members that are there.
inline World five() {
  World world(5);
  for (std::uint32_t n = 1; n <= 5; ++n)
    EXPECT_TRUE(world.submit(MemberUp{NodeId(n), Incarnation(1), "h:1", ""}).has_value());
  return world;
}

/// Why it was refused.
inline Code code(const Result<void>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? Code::unsupported : result.error().code;
}

}  // namespace nodedb::meta::test
