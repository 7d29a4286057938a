// SPDX-License-Identifier: Apache-2.0
// A stream of frames, and the messages in them. However the bytes are cut into pieces, the frames are the
// same.

#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"
#include "wire/peer_codec.h"

namespace {

using namespace nodedb;

std::vector<wire::Frame> frames(BytesView bytes, std::size_t piece) {
  wire::FrameReader reader(1 << 20);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    reader.feed(bytes.substr(0, piece));
  std::vector<wire::Frame> got;
  for (auto frame = reader.next(); frame && *frame; frame = reader.next()) got.push_back(std::move(**frame));
  return got;
}

}  // namespace

extern "C" int NODEDB_FUZZER(frames)(const std::uint8_t* data, std::size_t size) {
  const BytesView input = fuzz::view(data, size);
  const auto whole = frames(input, std::max<std::size_t>(1, size));
  CHECK(whole == frames(input, 7));
  for (const wire::Frame& frame : whole) {
    (void)wire::decode(frame.kind, frame.payload);
    (void)wire::decode_stream_open(frame);
  }
  return 0;
}
