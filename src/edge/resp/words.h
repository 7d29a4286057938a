// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small pure helpers on words of the protocol: the quoting rules of an inline command, and letter case.
// Numbers and option words are read by kv/numbers.h.

#include <optional>
#include <vector>

#include "base/bytes.h"

namespace nodedb::resp {

/// Words parted by blanks. "double quotes" know \n \r \t \b \a \xHH and \ before any other byte; 'single'
/// ones only \'. Nothing when quotes do not close or a closing quote is not followed by a blank.
std::optional<std::vector<Bytes>> split_words(BytesView line);

/// ASCII only, as the protocol's keywords are.
Bytes lower(BytesView text);
Bytes upper(BytesView text);

}  // namespace nodedb::resp
