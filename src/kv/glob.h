// SPDX-License-Identifier: Apache-2.0
#pragma once

// Redis's glob patterns: '*' any run, '?' any byte, '[a-z]' and '[^a-z]' classes, '\' takes the next byte as
// it is. An unclosed class reaches to the pattern's end. Time is at most text × pattern, whatever the
// pattern.

#include "base/bytes.h"

namespace nodedb::kv {

bool glob_matches(BytesView pattern, BytesView text);

}  // namespace nodedb::kv
