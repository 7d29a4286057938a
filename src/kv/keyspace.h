// SPDX-License-Identifier: Apache-2.0
#pragma once

// One entry's (or one read's) picture of a vShard: the view below, its own writes on top. Executors look keys
// up and change them here; `take_batch` turns the difference into row writes, by position, keeping the rules
// of kv/rows.h. Lives for one call of the machine. A key whose time has come by `now_ms` is absent; if the
// call may write, finding such a key also removes it.

#include <cstdint>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "kv/rows.h"
#include "nodedb/cluster/state_machine.h"

namespace nodedb::kv {

struct Context {
  VShardId vshard;
  Index index;              ///< the entry's, or the view's applied index for a read
  std::int64_t now_ms = 0;  ///< ms since the Unix epoch, from the HLC
  bool may_write = false;
};

/// What a key is to hold from now on. expire_at_ms 0: for ever.
struct NewValue {
  BytesView value;
  std::int64_t expire_at_ms = 0;
  rows::Form form = rows::Form::natural;
};

class Keyspace {
 public:
  Keyspace(const View& view, const Context& context) : view_(view), context_(context) {}

  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  const Context& context() const { return context_; }
  std::int64_t now_ms() const { return context_.now_ms; }
  /// For commands that walk rows. They see the stored rows only, so no write may precede them in the call.
  const View& view() const { return view_; }

  /// The live item, or nullptr. Stands until the same key is changed. `new_value.value` of `put` may point
  /// into it.
  const rows::Item* find(BytesView key);
  /// What there is to know of the live item beside its value. Cheaper than `find` if that is large.
  std::optional<rows::Head> look(BytesView key);
  bool contains(BytesView key) { return look(key).has_value(); }

  /// Pre for all three: the context may write. A value that is due already removes the key.
  void put(BytesView key, const NewValue& new_value);
  /// Whether there was a live key to remove.
  bool erase(BytesView key);
  void clear();

  const rows::Stats& stats();
  /// A stored row was not understood: the caller answers an error and drops the batch.
  bool damaged() const { return damaged_; }
  void report_damage() { damaged_ = true; }
  Batch take_batch();

 private:
  enum class Part : std::uint8_t { head, whole };

  struct Entry {
    bool stored = false;  ///< the view has a row for it
    std::int64_t stored_expire_at_ms = 0;
    std::optional<Bytes> row;  ///< what the key holds now, packed
    Part part = Part::whole;   ///< so much of it is in `row`, at least
    rows::Item item;           ///< looks into `row`
    bool changed = false;
  };

  using Entries = std::map<Bytes, Entry>;  ///< by the key of the value row

  Entry& load(BytesView key, Part part);
  void read(const Bytes& row_key, Entry& entry, Part part);
  bool live(Entry& entry);
  void remove(Entry& entry);
  static void append_writes(Batch& batch, Bytes row_key, Entry& entry);

  const View& view_;
  Context context_;
  Entries entries_;
  Entries::iterator latest_ = entries_.end();  ///< commands look at a key and then change it
  std::optional<rows::Stats> stats_;
  bool stats_changed_ = false;
  bool cleared_ = false;
  bool damaged_ = false;
};

}  // namespace nodedb::kv
