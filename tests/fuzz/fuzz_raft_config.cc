// SPDX-License-Identifier: Apache-2.0
// A Raft config, as it comes in log entries and snapshot offers. What decodes is well-formed and encodes to
// the same bytes again.

#include "raft/config.h"
#include "tests/fuzz/fuzz.h"

extern "C" int NODEDB_FUZZER(raft_config)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView bytes = fuzz::view(data, size);
  if (const auto config = raft::decode_config(bytes)) {
    CHECK(raft::well_formed(*config));
    CHECK(raft::encode(*config) == bytes);
  }
  return 0;
}
