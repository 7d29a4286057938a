// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of generations that nobody has any more. Their tables are removed whole, as a copied replica has
// tables of its own (docs/decisions/031-a-copy-comes-as-tables.md), once it is durable that they are dead and
// no snapshot sees them; what lies in tables with others' rows is left to compactions. That is only right as
// long as a generation's number is used once in the life of a store.

#include <rocksdb/db.h>

#include <vector>

#include "base/bytes.h"

namespace nodedb::edge {

/// All keys from one on and below another.
struct DeadRange {
  Bytes from;
  Bytes to;
  rocksdb::SequenceNumber dropped_at = 0;
};

/// Owned by the apply thread.
class DeadRows {
 public:
  /// The latest write of `db` has dropped them.
  void add(rocksdb::DB& db, Bytes from, Bytes to);
  /// Those that no snapshot sees; the others are kept.
  std::vector<DeadRange> take_unseen(rocksdb::DB& db);
  void clear() { ranges_.clear(); }

 private:
  std::vector<DeadRange> ranges_;
};

/// Any thread. Pre: it is durable that they were dropped.
void remove_tables_within(rocksdb::DB& db, const std::vector<DeadRange>& dead);

}  // namespace nodedb::edge
