// SPDX-License-Identifier: Apache-2.0
#pragma once

// The small text files of a data directory: lines of `name value`, the last of them `crc32c` over all bytes
// before it, eight lower-case hex digits. A person can read them; a flipped bit is found.

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::edge {

struct TextLine {
  std::string name;   ///< without spaces
  std::string value;  ///< without line ends
};

Bytes seal_text(const std::vector<TextLine>& lines);
/// Errors: damaged, naming `path`.
Result<std::map<std::string, std::string>> open_text(const std::string& path, BytesView content);

}  // namespace nodedb::edge
