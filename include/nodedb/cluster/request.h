// SPDX-License-Identifier: Apache-2.0
#pragma once

// A request's destination and its answer.

#include "base/bytes.h"
#include "base/ids.h"
#include "base/slot.h"

namespace nodedb {

/// The vShard that holds a key: Redis Cluster's hash, of the part in {braces} if there is one, so keys with
/// the same {tag} stay together.
inline VShardId vshard_of_key(BytesView key) {
  return vshard_of_slot(slot_of(key));
}

/// Where a request goes: to a key's vShard, or to one by its number, below `vshard_count`.
class Place {
 public:
  Place(VShardId vshard) : vshard_(vshard) {}            ///< by number
  Place(BytesView key) : vshard_(vshard_of_key(key)) {}  ///< of a key
  Place(const Bytes& key) : Place(BytesView(key)) {}     ///< of a key
  Place(const char* key) : Place(BytesView(key)) {}      ///< of a key
  VShardId vshard() const { return vshard_; }            ///< where it is

 private:
  VShardId vshard_;
};

/// The state machine has answered.
struct Answer {
  Bytes reply;  ///< the state machine's
  /// The vShard's entry that the write became, or a later one; of a read, the latest that it saw. To be
  /// handed on as ReadOptions::after.
  Index at;
};

}  // namespace nodedb
