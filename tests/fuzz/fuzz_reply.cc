// SPDX-License-Identifier: Apache-2.0
// A reply as it comes from a vShard. What decodes encodes to the same bytes again, can be shown to any
// client, and its parts are taken out or refused.

#include "edge/resp/render.h"
#include "kv/internal.h"
#include "kv/reply.h"
#include "tests/fuzz/fuzz.h"

extern "C" int NODEDB_FUZZER(reply)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView bytes = fuzz::view(data, size);
  const auto reply = kv::decode_reply(bytes);
  if (!reply) return 0;
  CHECK(kv::encode(*reply) == bytes);
  for (const auto protocol : {resp::Protocol::resp2, resp::Protocol::resp3}) {
    Bytes shown;
    resp::render(shown, *reply, protocol);
    CHECK(shown.ends_with("\r\n"));
  }
  (void)kv::scan_page(*reply);
  (void)kv::watch_version(*reply);
  return 0;
}
