// SPDX-License-Identifier: Apache-2.0
#pragma once

// A flush of the state store that is known to have happened. After RocksDB has found room again, its own
// Flush answers ok before the files are written (seen in 7.8.3). So only this proves that all is durable:
// memory has been put aside since, and nothing lies aside.

#include <rocksdb/db.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "edge/rocks/dead_rows.h"
#include "edge/rocks/events.h"
#include "node/store.h"

namespace nodedb::edge {

class RocksFlush final : public node::StateFlush {
 public:
  /// On the thread that writes.
  RocksFlush(rocksdb::DB& db, std::string directory, std::shared_ptr<const Events> events,
             std::vector<node::LiesBehind> behind, std::vector<DeadRange> dead);

  const std::vector<node::LiesBehind>& behind() const override { return behind_; }
  /// On any thread. Once it is durable that the dead are dead, tables that hold nothing else go.
  Result<void> finish() override;

 private:
  bool put_aside() const { return empty_ || events_->seals() > before_; }
  Result<void> ask();
  /// 1 where RocksDB does not say.
  std::uint64_t property(const std::string& name) const;

  rocksdb::DB& db_;
  std::string directory_;
  std::shared_ptr<const Events> events_;
  std::vector<node::LiesBehind> behind_;
  std::vector<DeadRange> dead_;
  std::uint64_t before_;
  bool empty_ = false;
};

}  // namespace nodedb::edge
