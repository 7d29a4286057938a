// SPDX-License-Identifier: Apache-2.0
#pragma once

// A typed error between nodes: the code's number, then the sentence. The numbers are those of base/error.h,
// which therefore only grows at its end; tests/unit/wire pins them.

#include "base/error.h"
#include "base/limits.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

inline constexpr std::size_t error_detail_bytes_max = 4096;
inline constexpr Code last_code = Code::over_budget;

inline void put_error(Writer& out, const Error& error) {
  out.u8(static_cast<std::uint8_t>(error.code));
  out.text(error.detail, error_detail_bytes_max);
}

inline Error get_error(Reader& in) {
  const std::uint8_t code = in.u8();
  if (code > static_cast<std::uint8_t>(last_code)) in.refuse(Code::incompatible, "an error code is unknown");
  Error error{static_cast<Code>(code), in.text(error_detail_bytes_max)};
  return in.ok() ? error : Error{};
}

}  // namespace nodedb::wire
