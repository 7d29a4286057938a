// SPDX-License-Identifier: Apache-2.0
#pragma once

// A distinct type for each kind of number. Terms, indexes, epochs and ids share a representation and
// nothing else: mixing two of them does not compile. Values order and hash like the number inside.

#include <compare>
#include <cstddef>
#include <functional>

namespace nodedb {

template <class Tag, class Rep>
struct Strong {
  using rep = Rep;
  Rep value{};

  constexpr Strong() = default;
  constexpr explicit Strong(Rep v) : value(v) {}

  constexpr auto operator<=>(const Strong&) const = default;

  /// The n-th value after this one. Wraps like the number inside: callers keep within range.
  constexpr Strong operator+(Rep n) const { return Strong(static_cast<Rep>(value + n)); }
  constexpr Strong operator-(Rep n) const { return Strong(static_cast<Rep>(value - n)); }
  constexpr Strong& operator++() {
    ++value;
    return *this;
  }
};

}  // namespace nodedb

template <class Tag, class Rep>
struct std::hash<nodedb::Strong<Tag, Rep>> {
  std::size_t operator()(nodedb::Strong<Tag, Rep> v) const noexcept { return std::hash<Rep>{}(v.value); }
};
