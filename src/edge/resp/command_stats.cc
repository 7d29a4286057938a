// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/command_stats.h"

namespace nodedb::resp {

namespace {

/// Codes come from our own tables, but also from nodes of other builds: those must not grow this without end.
constexpr std::size_t codes_max = 128;

}  // namespace

void CommandStats::answered_error(BytesView text) {
  const BytesView code = text.substr(0, text.find(' '));
  const auto found = errors_.find(code);
  if (found != errors_.end()) {
    ++found->second;
  } else if (errors_.size() < codes_max) {
    errors_.emplace(code, 1);
  }
}

}  // namespace nodedb::resp
