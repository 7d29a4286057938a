// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one key of the store does, sequentially: the object that histories are judged against. Pure.

#include <optional>
#include <string>

#include "history/history.h"

namespace nodedb::history {

/// What a key holds; nothing: it is absent.
using Value = std::optional<std::string>;

/// The value after `o`, or nothing if `o` could not have answered as it did on `before`. An `info` operation
/// answered nothing, so it is only held against its preconditions. A refused operation is no operation.
std::optional<Value> after(const Value& before, const Operation& o);

/// Whole text as a decimal number; nothing if it is none.
std::optional<std::int64_t> number_in(const std::string& text);

}  // namespace nodedb::history
