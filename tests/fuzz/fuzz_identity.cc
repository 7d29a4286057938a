// SPDX-License-Identifier: Apache-2.0
// The identity record, as found on disk and, so that the checksum does not hide the rest, sealed anew.

#include "base/crc32c.h"
#include "tests/fuzz/fuzz.h"
#include "wire/identity_codec.h"
#include "wire/writer.h"

extern "C" int NODEDB_FUZZER(identity)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView record = fuzz::view(data, size);
  (void)wire::decode_identity(record);
  Bytes sealed(record.substr(0, size < 4 ? size : size - 4));
  wire::Writer(sealed).u32(crc32c(sealed));
  if (const auto identity = wire::decode_identity(sealed)) {
    CHECK(wire::decode_identity(wire::encode_identity(*identity)) == *identity);
  }
  return 0;
}
