// SPDX-License-Identifier: Apache-2.0
#include "bench/support/arguments.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace nodedb::bench {

bool take_arguments(int count, char** words, std::initializer_list<Argument> known) {
  if (count % 2 == 0) return false;
  for (int i = 1; i + 1 < count; i += 2) {
    const auto* const named = std::ranges::find(known, std::string_view(words[i]), &Argument::name);
    if (named == known.end()) return false;
    const std::string_view text = words[i + 1];
    const auto read = std::from_chars(text.data(), text.data() + text.size(), *named->value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return false;
    if (*named->value < named->least || *named->value > named->most) return false;
  }
  return true;
}

}  // namespace nodedb::bench
