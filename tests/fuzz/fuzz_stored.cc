// SPDX-License-Identifier: Apache-2.0
// What a node keeps for itself beside the log: session rows, the state store's meta rows, the small text
// files. The first byte chooses; where a checksum would hide the
// rest, the input is also tried sealed anew.

#include "base/crc32c.h"
#include "edge/disk/sealed_text.h"
#include "edge/rocks/state_meta.h"
#include "node/session.h"
#include "tests/fuzz/fuzz.h"
#include "wire/writer.h"

namespace {

using namespace nodedb;

void session(BytesView row) {
  auto read = node::Session::decode(row);
  if (!read) return;
  const Bytes again = read->encode();
  CHECK(node::Session::decode(again)->encode() == again);
  (void)read->admit({NodeId(1), Incarnation(2), 3, 2});
  read->answered(3, "reply");
  CHECK(node::Session::decode(read->encode()).has_value());
}

void state_meta(BytesView row) {
  const GroupId group(7);
  if (const auto meta = edge::decode_state_meta(group, row)) CHECK(edge::encode(group, *meta) == row);
}

void sealed_state_meta(BytesView body) {
  Bytes place;
  wire::Writer(place).u32(7);
  Bytes row(body);
  wire::Writer(row).u32(crc32c(body, crc32c(place)));
  state_meta(row);
}

void text(BytesView content) {
  (void)edge::open_text("file", content);
}

void sealed_text(BytesView body) {
  constexpr char digits[] = "0123456789abcdef";
  Bytes content = Bytes(body) + "crc32c ";
  const std::uint32_t crc = crc32c(body);
  for (int shift = 28; shift >= 0; shift -= 4) content.push_back(digits[crc >> shift & 15]);
  const auto lines = edge::open_text("file", content + "\n");
  if (!lines) CHECK(lines.error().code == Code::damaged);
}

}  // namespace

extern "C" int NODEDB_FUZZER(stored)(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView bytes = fuzz::view(data, size).substr(1);
  constexpr void (*readers[])(BytesView) = {session, state_meta, sealed_state_meta, text, sealed_text};
  readers[data[0] % std::size(readers)](bytes);
  return 0;
}
