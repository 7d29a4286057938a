// SPDX-License-Identifier: Apache-2.0
#pragma once

// What has become of rows, by key. A look-up touches little memory, as most of it is cold: a place of the
// table, which knows the hash, and the change, which has a small row's key and value in itself. Pure.

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace nodedb::node {

/// Of one row.
class RowChange {
 public:
  /// It was deleted.
  explicit RowChange(BytesView key);

  BytesView key() const { return {key_is_near() ? near_.data() : far_.data(), key_bytes_}; }
  /// Nothing: it was deleted.
  std::optional<BytesView> value() const {
    if (!there_) return std::nullopt;
    if (fits(value_bytes_)) return BytesView(near_.data() + key_bytes_, value_bytes_);
    return BytesView(far_).substr(key_is_near() ? 0 : key_bytes_);
  }

  void put(BytesView value);
  void put(Bytes&& value);  ///< which is not copied if it is large
  void erase();

 private:
  static constexpr std::size_t near_bytes = 72;

  bool key_is_near() const { return fits(0); }
  bool fits(std::size_t value_bytes) const { return key_bytes_ + value_bytes <= near_bytes; }

  std::size_t key_bytes_;
  std::size_t value_bytes_ = 0;
  bool there_ = false;
  std::array<char, near_bytes> near_;  ///< the key and behind it the value, as far as each fits
  Bytes far_;                          ///< what does not
};

/// Changes stay where they are until they are forgotten.
class RowChanges {
 public:
  bool empty() const { return count_ == 0; }
  /// Null: nothing has become of it.
  const RowChange* find(BytesView key) const;
  /// The row's change, and whether nothing had become of the row before.
  std::pair<RowChange&, bool> of(BytesView key);
  /// Pre: it is there.
  void forget(BytesView key);

 private:
  struct Place {
    std::size_t hash = 0;
    std::unique_ptr<RowChange> change;
  };

  std::size_t after(std::size_t place) const { return (place + 1) & (places_.size() - 1); }
  /// Where it is, or the free place that it would get. Pre: there is a free place.
  std::size_t place_of(BytesView key, std::size_t hash) const;
  void grow();

  std::vector<Place> places_;  ///< a power of two, or none; linear probing
  std::size_t count_ = 0;
};

}  // namespace nodedb::node
