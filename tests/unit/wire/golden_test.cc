// SPDX-License-Identifier: Apache-2.0
// Bytes that other builds have written, or will read. A difference here is a new version of a format, not a
// file to rewrite; while a format is new, NODEDB_GOLDEN_REWRITE=1 writes the files and the fuzzers' seeds
// anew.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "meta/codec.h"
#include "tests/unit/wire/examples.h"
#include "wire/peer_codec.h"

namespace nodedb {
namespace {

const std::filesystem::path root = std::filesystem::path(NODEDB_SOURCE_DIR) / "tests";

bool rewriting() {
  return std::getenv("NODEDB_GOLDEN_REWRITE") != nullptr;
}

// Sixteen bytes a line, so that a change shows where it is.
std::string hex(BytesView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
    text += i % 16 == 15 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  return text;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& path, BytesView bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(Golden, EveryFormatHasTheBytesItHad) {
  std::set<std::string> names;
  for (const auto& example : examples::all()) {
    const auto path = root / "golden" / (example.name + ".hex");
    if (rewriting()) write(path, hex(example.bytes));
    EXPECT_EQ(read(path), hex(example.bytes)) << path;
    names.insert(path.filename().string());
  }
  for (const auto& file : std::filesystem::directory_iterator(root / "golden")) {
    if (file.path().extension() != ".hex") continue;
    EXPECT_TRUE(names.contains(file.path().filename().string())) << file.path() << " belongs to no example";
  }
}

TEST(Golden, FuzzersStartFromTheExamples) {
  for (const auto& example : examples::all()) {
    if (example.fuzzer.empty()) continue;
    const auto path = root / "fuzz" / "corpus" / example.fuzzer / example.name;
    if (rewriting()) write(path, example.seed);
    EXPECT_EQ(read(path), example.seed) << path;
  }
}

TEST(Golden, ExamplesComeBack) {
  for (const wire::PeerMessage& message : examples::peer_messages()) {
    const auto frame = wire::encode(message);
    EXPECT_EQ(wire::decode(frame.kind, Blob(frame.payload)), message);
  }
  for (const wire::MoveOrder& order : examples::move_orders()) {
    const auto frame = wire::encode(order);
    EXPECT_EQ(wire::decode(frame.kind, Blob(frame.payload)), wire::PeerMessage(order));
  }
  for (const meta::MetaEntry& entry : examples::meta_entries()) {
    EXPECT_EQ(meta::decode_entry(meta::encode(entry)), entry);
  }
  EXPECT_EQ(parse_join_token(text(examples::join_token())), examples::join_token());
  EXPECT_EQ(wire::decode_join_request(wire::encode(examples::join_request())), examples::join_request());
  for (const wire::JoinAnswer& answer : examples::join_answers()) {
    EXPECT_EQ(wire::decode_join_answer(wire::encode(answer)), answer);
  }
  EXPECT_EQ(wire::decode_identity(wire::encode_identity(examples::identity())), examples::identity());
}

}  // namespace
}  // namespace nodedb
