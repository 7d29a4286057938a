// SPDX-License-Identifier: Apache-2.0
// Bytes that are well-formed but wrong; round trips of random values are in tests/unit/wire.
#include "meta/codec.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/rng.h"
#include "tests/unit/meta/map_view.h"

namespace nodedb::meta {
namespace {

using namespace std::string_literals;

Code entry_code(BytesView bytes) {
  const auto entry = decode_entry(bytes);
  EXPECT_FALSE(entry.has_value());
  return entry ? Code::unsupported : entry.error().code;
}

TEST(MetaCodec, EveryShapeComesBack) {
  const Genesis genesis = make_genesis(test::plan(5)).value();
  EXPECT_EQ(decode_genesis(encode(genesis)), genesis);
  EXPECT_EQ(decode_cluster(encode(genesis.cluster)), genesis.cluster);
  EXPECT_EQ(decode_member(encode(genesis.members[2])), genesis.members[2]);
  EXPECT_EQ(decode_placement(encode(genesis.placement[2])), genesis.placement[2]);
  const MetaEntry batch =
      MetaBatch{{ClusterVersion{4}, MemberUp{NodeId(1), Incarnation(2), "a:1", "", "n", "z/1", 50}}};
  EXPECT_EQ(decode_entry(encode(batch)), batch);
  EXPECT_TRUE(decode_result(encode_result({})).has_value());
  const Result<void> refusal = fail(Code::conflict, "no");
  EXPECT_EQ(decode_result(encode_result(refusal)), refusal);
}

TEST(MetaCodec, LaterVersionsAndUnknownKindsAreIncompatible) {
  EXPECT_EQ(entry_code("\x92\x02\xc0"s), Code::incompatible) << "whatever is behind a later version";
  EXPECT_EQ(entry_code("\x92\x01\xc0"s), Code::malformed) << "a kind that is no number";
  EXPECT_EQ(entry_code("\x93\x02\x12\x01"s), Code::incompatible);
  EXPECT_EQ(entry_code("\x92\x01\x63"s), Code::incompatible);
  EXPECT_EQ(entry_code("\x93\x01\x13\x91\x92\x01\x63"s), Code::incompatible) << "inside a batch";
  Bytes later = encode(make_genesis(test::plan(3)).value());
  later[1] = 2;
  EXPECT_EQ(decode_genesis(later).error().code, Code::incompatible);
}

TEST(MetaCodec, BatchesDoNotNest) {
  EXPECT_EQ(entry_code("\x93\x01\x13\x91\x93\x01\x13\x90"s), Code::malformed);
}

TEST(MetaCodec, RowsAreNoEntriesAndOneRowIsNoOther) {
  const Genesis genesis = make_genesis(test::plan(3)).value();
  EXPECT_EQ(entry_code(encode(genesis.cluster)), Code::malformed);
  EXPECT_EQ(entry_code(encode_result({})), Code::malformed);
  EXPECT_EQ(decode_member(encode(genesis.cluster)).error().code, Code::malformed);
  EXPECT_EQ(decode_result(encode(genesis.cluster)).error().code, Code::malformed);
}

TEST(MetaCodec, WrongTypesRangesAndLengthsAreMalformed) {
  EXPECT_EQ(entry_code("\x93\x01\x12\xa1x"s), Code::malformed) << "a text for a number";
  EXPECT_EQ(entry_code("\x93\x01\x12\xff"s), Code::malformed) << "a negative number";
  EXPECT_EQ(entry_code("\x93\x01\x12\xcf\0\0\0\1\0\0\0\0"s), Code::malformed) << "2^32 for 32 bits";
  EXPECT_EQ(entry_code("\x94\x01\x12\x01\x01"s), Code::malformed) << "a field too many";
  EXPECT_EQ(entry_code("\x92\x01\x12"s), Code::malformed) << "a field too few";
  EXPECT_EQ(entry_code("\x93\x01\x12\x01\x01"s), Code::malformed) << "a byte left over";
  EXPECT_EQ(entry_code("\x95\x01\x11\xcd\x04\x00\x01\x90"s), Code::malformed) << "vShard 1024";
  EXPECT_EQ(entry_code("\x01"s), Code::malformed) << "no array";
  EXPECT_EQ(entry_code("\x80"s), Code::malformed) << "a map";
}

TEST(MetaCodec, CapsComeBeforeMemory) {
  EXPECT_EQ(entry_code("\xdd\xff\xff\xff\xff"s), Code::too_large) << "an array of 2^32";
  EXPECT_EQ(entry_code("\x91\xdb\xff\xff\xff\xff"s), Code::malformed) << "a text of 4 GiB that is not there";
  EXPECT_EQ(entry_code("\x91\xda\x20\x00"s + Bytes(8192, 'x')), Code::too_large) << "a text of 8 KiB that is";
  EXPECT_EQ(entry_code("\x91\xdf\xff\xff\xff\xff"s), Code::too_large) << "a map of 2^32";
  EXPECT_EQ(entry_code(Bytes(100'000, '\x91')), Code::too_large) << "nested arrays";
  MetaBatch batch;
  batch.entries.resize(limits::meta_batch_max);
  EXPECT_TRUE(decode_entry(encode(MetaEntry(batch))).has_value());
  batch.entries.emplace_back();
  EXPECT_EQ(entry_code(encode(MetaEntry(batch))), Code::too_large);
  MetaEntry crowd = PlacementChange{VShardId(1), {Epoch(2), std::vector<NodeId>(limits::nodes_max + 1)}};
  EXPECT_EQ(entry_code(encode(crowd)), Code::too_large);
}

TEST(MetaCodec, EveryTruncationIsRefusedAndNoGarbageCrashes) {
  const Genesis genesis = make_genesis(test::plan(3)).value();
  const Bytes whole =
      encode(MetaEntry(MetaBatch{{MemberUp{NodeId(1), Incarnation(2), "a:1", "b:1", "n", "z/1", 50},
                                  PlacementChange{VShardId(3), genesis.placement[3]}}}));
  for (std::size_t size = 0; size < whole.size(); ++size) entry_code(BytesView(whole).substr(0, size));
  Rng rng(1);
  for (const Bytes& good : {whole, encode(genesis)}) {
    for (int round = 0; round < 2000; ++round) {
      Bytes bad = good;
      for (std::uint64_t i = 1 + rng.below(4); i > 0; --i) {
        bad[static_cast<std::size_t>(rng.below(bad.size()))] = static_cast<char>(rng.below(256));
      }
      (void)decode_entry(bad);
      (void)decode_genesis(bad);
      (void)decode_result(bad);
    }
  }
}

}  // namespace
}  // namespace nodedb::meta
