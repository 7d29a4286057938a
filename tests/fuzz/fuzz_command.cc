// SPDX-License-Identifier: Apache-2.0
// The payload of a command entry. What decodes keeps the session rules and encodes to the same bytes again.

#include "tests/fuzz/fuzz.h"
#include "wire/command_codec.h"

extern "C" int NODEDB_FUZZER(command)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView payload = fuzz::view(data, size);
  if (const auto entry = wire::decode_command(payload)) {
    CHECK(wire::well_formed(entry->stamp));
    CHECK(wire::encode_command(*entry).view() == payload);
  }
  return 0;
}
