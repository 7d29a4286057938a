// SPDX-License-Identifier: Apache-2.0
#include "app/random.h"

#include <sys/random.h>

#include <cstring>

#include "base/check.h"

namespace nodedb::app {

namespace {

void fill(void* bytes, std::size_t size) {
  // Up to 256 bytes come whole or not at all (getrandom(2)).
  CHECK(getrandom(bytes, size, 0) == static_cast<ssize_t>(size));
}

}  // namespace

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  fill(&seed, sizeof seed);
  return seed;
}

void random_fill(std::span<std::uint8_t> bytes) {
  fill(bytes.data(), bytes.size());
}

Uuid random_uuid() {
  Uuid uuid;
  fill(uuid.bytes.data(), uuid.bytes.size());
  uuid.bytes[6] = static_cast<std::uint8_t>(0x40 | (uuid.bytes[6] & 0x0f));
  uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3f));
  return uuid;
}

}  // namespace nodedb::app
