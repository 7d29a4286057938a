// SPDX-License-Identifier: Apache-2.0
// One message between nodes: the first byte is the frame's kind. What decodes encodes to the same bytes
// again, but for the genesis, whose MessagePack may be written in more than one way.

#include "tests/fuzz/fuzz.h"
#include "wire/peer_codec.h"

extern "C" int NODEDB_FUZZER(peer)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  if (size == 0) return 0;
  const auto kind = static_cast<wire::FrameKind>(data[0]);
  const Blob payload(Bytes(fuzz::view(data, size).substr(1)));
  const auto message = wire::decode(kind, payload);
  if (!message) return 0;
  const auto again = wire::encode(*message);
  CHECK(again.kind == kind);
  if (kind == wire::FrameKind::found) {
    CHECK(wire::decode(kind, Blob(again.payload)) == *message);
  } else {
    CHECK(again.payload == payload.view());
  }
  CHECK(wire::encode_frames(*message, 64, [](const wire::EncodedMessage&) { return true; }));
  (void)wire::stream_class(*message);
  return 0;
}
