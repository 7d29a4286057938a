// SPDX-License-Identifier: Apache-2.0
#pragma once

// "Did you mean …?" for option names: the nearest known word by edit distance. Pure.

#include <cstddef>
#include <span>
#include <string_view>

namespace nodedb::app {

/// Levenshtein distance, with a swap of neighbours as one edit (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest candidate, empty if none is near enough to be what was meant.
std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace nodedb::app
