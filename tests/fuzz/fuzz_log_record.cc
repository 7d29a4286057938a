// SPDX-License-Identifier: Apache-2.0
// A stored log record, as found on disk and, so that the checksum does not hide the rest, sealed anew.

#include "base/crc32c.h"
#include "tests/fuzz/fuzz.h"
#include "wire/log_record.h"
#include "wire/writer.h"

namespace {

using namespace nodedb;

constexpr GroupId group{7};

void decode_all(Index index, BytesView record) {
  if (const auto entry = wire::decode_entry(group, index, record)) {
    CHECK(wire::encode_entry(group, *entry) == record);
  }
  if (const auto hard = wire::decode_hard_state(group, record)) {
    CHECK(wire::encode_hard_state(group, *hard) == record);
  }
  if (const auto base = wire::decode_log_base(group, record)) {
    CHECK(wire::encode_log_base(group, *base) == record);
  }
}

Bytes sealed(Index index, BytesView body) {
  Bytes place;
  wire::Writer out(place);
  out.u32(group.value);
  out.u64(index.value);
  Bytes record(body);
  wire::Writer(record).u32(crc32c(body, crc32c(place)));
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView record = fuzz::view(data, size);
  const BytesView body = record.substr(0, size < 4 ? size : size - 4);
  for (const Index index : {Index(0), Index(42)}) {
    decode_all(index, record);
    decode_all(index, sealed(index, body));
  }
  return 0;
}
