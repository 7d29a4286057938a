// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which trace a request belongs to, as its caller says: W3C Trace Context's `traceparent`
// (https://www.w3.org/TR/trace-context/, section 3.2). A request carries it unchanged from node to node; we
// make no spans of our own, but tell of the request's path under it (base/request_path.h).

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace nodedb {

/// Whose trace a request is part of.
struct TraceContext {
  std::array<std::uint8_t, 16> trace{};  ///< the whole trace's id; all zero: nobody traces the request
  std::array<std::uint8_t, 8> parent{};  ///< the caller's span
  bool sampled = false;                  ///< the caller keeps its part: ours is told, however fast it was

  bool operator==(const TraceContext&) const = default;
  /// The request is part of a trace.
  bool exists() const {
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(trace);
    return (halves[0] | halves[1]) != 0;
  }
  /// The header's value, version 00.
  std::string text() const;
  /// Nothing if it is no traceparent: a caller's mistake in a trace is no reason to refuse its request. Of a
  /// later version that part is read which version 00 has (section 3.2.4).
  static std::optional<TraceContext> parse(BytesView header);
};

}  // namespace nodedb
