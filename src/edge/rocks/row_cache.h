// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows that were read a short while ago, so that the next read of the same row does not have to search
// RocksDB's memory for it. A table of fixed size in which a row pushes out the one before it in its place;
// small rows are kept whole, of large ones their first bytes. Owned by the apply thread.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace nodedb::edge {

class RowCache {
 public:
  /// A row with its key that is kept whole.
  static constexpr std::size_t row_bytes_max = 512;
  /// What is kept of a larger one. Those with larger keys are not kept.
  static constexpr std::size_t head_bytes = 32;

  /// `places`: how many rows at most; a power of two.
  explicit RowCache(std::size_t places) : places_(places), mask_(places - 1) {}

  /// Of the table and of what is in it, about.
  std::size_t bytes() const { return places_.size() * sizeof(Place) + bytes_; }
  /// A table of so many places holds at most `bytes`, or has one place.
  static std::size_t places_within(std::size_t bytes) {
    return std::bit_floor(std::max<std::size_t>(1, bytes / (sizeof(Place) + row_bytes_max)));
  }

  /// What is known of the row under `key`: its value, or at least `bytes_wanted` of its first bytes; or that
  /// there is none. Null: so much is not known.
  const std::optional<Bytes>* find(BytesView key, std::size_t bytes_wanted) const {
    const Place& place = places_[place_of(key)];
    if (!place.used || place.key != key) return nullptr;
    return place.whole || place.value->size() >= bytes_wanted ? &place.value : nullptr;
  }

  /// It was read.
  void keep(BytesView key, std::optional<BytesView> value) {
    if (key.size() + head_bytes > row_bytes_max) return;
    Place& place = places_[place_of(key)];
    const std::size_t before = bytes_of(place);
    place.used = true;
    place.whole = !value || key.size() + value->size() <= row_bytes_max;
    if (!place.whole) value = value->substr(0, head_bytes);
    place.key = key;
    place.value = value;
    bytes_ += bytes_of(place) - before;
  }

  /// It was written: changes what is known of it, if anything is.
  void update(BytesView key, std::optional<BytesView> value) {
    const Place& place = places_[place_of(key)];
    if (place.used && place.key == key) keep(key, value);
  }

  /// Rows whose keys begin with `prefix` were written in ways that name none of them. Walks the table.
  void forget(BytesView prefix) {
    for (Place& place : places_)
      if (place.used && BytesView(place.key).starts_with(prefix)) leave(place);
  }

 private:
  struct Place {
    bool used = false;
    bool whole = false;  ///< `value` is all of it, or there is no such row
    Bytes key;
    std::optional<Bytes> value;
  };

  static std::size_t bytes_of(const Place& place) {
    return place.key.size() + (place.value ? place.value->size() : 0);
  }
  void leave(Place& place) {
    bytes_ -= bytes_of(place);
    place = Place();
  }
  std::size_t place_of(BytesView key) const { return mask_ & std::hash<BytesView>()(key); }

  std::vector<Place> places_;
  std::size_t mask_;
  std::size_t bytes_ = 0;  ///< of rows
};

}  // namespace nodedb::edge
