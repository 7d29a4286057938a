// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers and option words as Redis reads and writes them: integers without sign '+', blanks or leading
// zeros; floats as C's strtold takes them, without leading blanks; option words in any case. Pure. Float
// arithmetic is in long double as in Redis, so replicas agree as long as they run on one kind of processor.

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::kv {

std::optional<std::int64_t> parse_integer(BytesView text);
std::optional<std::uint64_t> parse_unsigned(BytesView text);
std::optional<long double> parse_real(BytesView text);
/// Seventeen decimals at most, no exponent, no trailing zeros. Pre: finite.
Bytes format_real(long double real);

/// Errors: malformed, with Redis's text for whatever is no 64-bit integer.
Result<std::int64_t> integer_argument(BytesView text);
/// Errors: malformed, with Redis's text for whatever is no float.
Result<long double> real_argument(BytesView text);

/// Pre: `upper` has no lower-case letters.
bool same_word(BytesView word, std::string_view upper);

}  // namespace nodedb::kv
