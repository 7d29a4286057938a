// SPDX-License-Identifier: Apache-2.0
#include "kv/keyspace.h"

#include <tuple>

#include "base/check.h"

namespace nodedb::kv {

Keyspace::Entry& Keyspace::load(BytesView key, Part part) {
  bool fresh = false;
  if (latest_ == entries_.end() || rows::value_key_in(latest_->first)->key != key) {
    std::tie(latest_, fresh) = entries_.try_emplace(rows::value_key(rows::position_of(key), key));
  }
  auto& [row_key, entry] = *latest_;
  const bool more_wanted = part == Part::whole && entry.row && entry.part == Part::head;
  if ((fresh && !cleared_) || more_wanted) read(row_key, entry, part);
  return entry;
}

void Keyspace::read(const Bytes& row_key, Entry& entry, Part part) {
  entry.row = part == Part::whole ? view_.get(row_key) : view_.head(row_key, rows::head_bytes);
  entry.part = part;
  if (!entry.row) return;
  const auto item = rows::item_in(*entry.row);
  if (!item) {
    damaged_ = true;
    entry.row.reset();
    return;
  }
  entry.item = *item;
  entry.stored = true;
  entry.stored_expire_at_ms = item->expire_at_ms;
}

bool Keyspace::live(Entry& entry) {
  if (!entry.row) return false;
  if (!entry.item.due(context_.now_ms)) return true;
  if (context_.may_write) remove(entry);
  return false;
}

const rows::Item* Keyspace::find(BytesView key) {
  Entry& entry = load(key, Part::whole);
  return live(entry) ? &entry.item : nullptr;
}

std::optional<rows::Head> Keyspace::look(BytesView key) {
  Entry& entry = load(key, Part::head);
  if (!live(entry)) return std::nullopt;
  return entry.item.head();
}

void Keyspace::put(BytesView key, const NewValue& new_value) {
  CHECK(context_.may_write);
  const rows::Item item{.modified_index = context_.index.value,
                        .expire_at_ms = new_value.expire_at_ms,
                        .form = new_value.form,
                        .value = new_value.value};
  if (item.due(context_.now_ms)) {
    erase(key);
    return;
  }
  Entry& entry = load(key, Part::head);
  if (!entry.row) {
    stats();
    ++stats_->keys;
    stats_changed_ = true;
  } else if (entry.item.due(context_.now_ms)) {
    // It went and came back: a watcher that saw it absent must know.
    stats();
    stats_->last_delete_index = context_.index.value;
    stats_changed_ = true;
  }
  entry.row = rows::pack(item);  // built before the old row, which `value` may point into, is let go
  entry.part = Part::whole;
  entry.item = *rows::item_in(*entry.row);
  entry.changed = true;
}

bool Keyspace::erase(BytesView key) {
  CHECK(context_.may_write);
  Entry& entry = load(key, Part::head);
  if (!entry.row) return false;
  const bool live = !entry.item.due(context_.now_ms);
  remove(entry);
  return live;
}

void Keyspace::remove(Entry& entry) {
  entry.row.reset();
  entry.item = {};
  entry.changed = true;
  stats();
  if (stats_->keys > 0) --stats_->keys;
  stats_->last_delete_index = context_.index.value;
  stats_changed_ = true;
}

void Keyspace::clear() {
  CHECK(context_.may_write);
  if (stats().keys == 0) return;
  entries_.clear();
  latest_ = entries_.end();
  cleared_ = true;
  stats_ = rows::Stats{.keys = 0, .last_delete_index = context_.index.value};
  stats_changed_ = true;
}

const rows::Stats& Keyspace::stats() {
  if (stats_) return *stats_;
  stats_.emplace();
  const auto row = view_.get(rows::stats_key);
  if (!row) return *stats_;
  const auto stored = rows::stats_in(*row);
  if (!stored) damaged_ = true;
  if (stored) stats_ = *stored;
  return *stats_;
}

void Keyspace::append_writes(Batch& batch, Bytes row_key, Entry& entry) {
  const std::int64_t expire_at_ms = entry.row ? entry.item.expire_at_ms : 0;
  const std::int64_t stored_expire_at_ms = entry.stored ? entry.stored_expire_at_ms : 0;
  if (stored_expire_at_ms != expire_at_ms) {
    const auto [position, key] = *rows::value_key_in(row_key);
    if (stored_expire_at_ms != 0) {
      batch.push_back(Delete{rows::expiry_key(stored_expire_at_ms, position, key)});
    }
    if (expire_at_ms != 0) batch.push_back(Put{rows::expiry_key(expire_at_ms, position, key), {}});
  }
  if (entry.row) {
    batch.push_back(Put{std::move(row_key), std::move(*entry.row)});
  } else if (entry.stored) {
    batch.push_back(Delete{std::move(row_key)});
  }
}

Batch Keyspace::take_batch() {
  Batch batch;
  batch.reserve(entries_.size() + 1);
  if (cleared_) {
    batch.push_back(DeleteRange{Bytes(rows::values_begin), Bytes(rows::values_end)});
    batch.push_back(DeleteRange{Bytes(rows::expiries_begin), Bytes(rows::expiries_end)});
  }
  latest_ = entries_.end();
  while (!entries_.empty()) {
    auto taken = entries_.extract(entries_.begin());
    if (taken.mapped().changed) append_writes(batch, std::move(taken.key()), taken.mapped());
  }
  if (stats_changed_) batch.push_back(Put{Bytes(rows::stats_key), rows::pack(*stats_)});
  return batch;
}

}  // namespace nodedb::kv
