// SPDX-License-Identifier: Apache-2.0
#pragma once

// A UUID inside a record: its 16 bytes in network order.

#include <algorithm>

#include "base/uuid.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

inline void put_uuid(Writer& out, const Uuid& uuid) {
  for (const std::uint8_t byte : uuid.bytes) out.u8(byte);
}

inline Uuid get_uuid(Reader& in) {
  Uuid uuid;
  const BytesView bytes = in.raw(uuid.bytes.size());
  std::ranges::transform(bytes, uuid.bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return uuid;
}

}  // namespace nodedb::wire
