// SPDX-License-Identifier: Apache-2.0
// What strangers say at the join door and what they are answered: the first byte is the frame's kind. What is
// understood is written and understood again, within the door's caps.

#include "tests/fuzz/fuzz.h"
#include "wire/join_codec.h"

extern "C" int NODEDB_FUZZER(join)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  if (size == 0) return 0;
  const BytesView payload = fuzz::view(data + 1, size - 1);
  if (data[0] == static_cast<std::uint8_t>(wire::FrameKind::join_request)) {
    if (const auto request = wire::decode_join_request(payload)) {
      const Bytes again = wire::encode(*request);
      CHECK(again.size() <= wire::join_request_bytes_max);
      CHECK(wire::decode_join_request(again) == *request);
    }
  } else if (const auto answer = wire::decode_join_answer(payload)) {
    CHECK(wire::decode_join_answer(wire::encode(*answer)) == *answer);
  }
  return 0;
}
