// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes as text that survives JSON, lines and shells: base64 with padding (RFC 4648, section 4). Pure.

#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb {

std::string base64_text(BytesView bytes);
/// The one text that `base64_text` writes for these bytes; nothing else. Errors: malformed.
Result<Bytes> parse_base64(BytesView text);

}  // namespace nodedb
