// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows that were read a short while ago, so that the next read of the same row does not have to search
// RocksDB's memory for it. A table of fixed size in which a row pushes out the one before it in its place;
// only small rows are kept. Owned by the apply thread.

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
  /// Larger rows are not kept.
  static constexpr std::size_t row_bytes_max = 512;

  /// `places`: how many rows at most; a power of two.
  explicit RowCache(std::size_t places) : places_(places), mask_(places - 1) {}

  /// Of the table and of what is in it, about.
  std::size_t bytes() const { return places_.size() * sizeof(Place) + bytes_; }
  /// A table of so many places holds at most `bytes`, or has one place.
  static std::size_t places_within(std::size_t bytes) {
    return std::bit_floor(std::max<std::size_t>(1, bytes / (sizeof(Place) + row_bytes_max)));
  }

  /// What is known of the row under `key`: its value, or that there is none. Null: nothing is known.
  const std::optional<Bytes>* find(BytesView key) const {
    const Place& place = places_[place_of(key)];
    return place.used && place.key == key ? &place.value : nullptr;
  }

  /// It was read.
  void keep(BytesView key, const std::optional<Bytes>& value) {
    Place& place = places_[place_of(key)];
    if (key.size() + (value ? value->size() : 0) > row_bytes_max) return;
    bytes_ += key.size() + (value ? value->size() : 0) - bytes_of(place);
    place.used = true;
    place.key = key;
    place.value = value;
  }

  /// It was written: changes what is known of it, if anything is.
  void update(BytesView key, const std::optional<Bytes>& value) {
    Place& place = places_[place_of(key)];
    if (!place.used || place.key != key) return;
    if (key.size() + (value ? value->size() : 0) > row_bytes_max) return leave(place);
    keep(key, value);
  }

  /// Rows whose keys begin with `prefix` were written in ways that name none of them. Walks the table.
  void forget(BytesView prefix) {
    for (Place& place : places_)
      if (place.used && BytesView(place.key).starts_with(prefix)) leave(place);
  }

 private:
  struct Place {
    bool used = false;
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
