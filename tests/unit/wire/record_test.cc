// SPDX-License-Identifier: Apache-2.0
// What is stored inside of the log and beside it: command entries, snapshot rows, the identity record.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/crc32c.h"
#include "tests/unit/wire/examples.h"
#include "tests/unit/wire/generators.h"
#include "tests/unit/wire/robustness.h"
#include "wire/command_codec.h"
#include "wire/identity_codec.h"
#include "wire/rows.h"
#include "wire/writer.h"

namespace nodedb::wire {
namespace {

constexpr GroupId group{7};

// --- command entries ---

RC_GTEST_PROP(CommandEntry, EverythingComesBack, ()) {
  const Bytes command = test::bytes(200);
  const CommandEntry entry{
      {test::number<std::int64_t>(), test::number<std::uint32_t>()}, test::stamp(), command};
  const Blob payload = encode_command(entry);
  RC_ASSERT((decode_command(payload.view()) == entry));
}

TEST(CommandEntry, SurvivesTruncationAndMutation) {
  const Blob payload = examples::entries().at(1).payload;
  const BytesView command = decode_command(payload.view())->command;
  test::refuses_every_truncation(payload.view().substr(0, payload.size() - command.size() - 1),
                                 [](BytesView bytes) { return decode_command(bytes); });
  test::survives_mutation(payload.view(), [](BytesView bytes) {
    const auto entry = decode_command(bytes);
    EXPECT_TRUE(!entry || well_formed(entry->stamp));
    return entry;
  });
}

TEST(CommandEntry, StampsThatCannotBeJudgedAreRefused) {
  const auto decoded = [](std::uint64_t incarnation, std::uint64_t sequence, std::uint64_t first) {
    Bytes bytes;
    Writer out(bytes);
    out.u8(1);
    out.i64(5);
    for (const std::uint64_t field : {std::uint64_t{0}, std::uint64_t{2}, incarnation, sequence, first}) {
      out.varint(field);
    }
    return decode_command(bytes);
  };
  EXPECT_TRUE(decoded(1, 2, 2).has_value());
  EXPECT_EQ(decoded(0, 2, 2).error().code, Code::malformed);
  EXPECT_EQ(decoded(1, 0, 0).error().code, Code::malformed);
  EXPECT_EQ(decoded(1, 2, 3).error().code, Code::malformed);
  EXPECT_EQ(decode_command("\x02").error().code, Code::incompatible);
  EXPECT_EQ(decode_command("").error().code, Code::malformed);
}

TEST(CommandEntryDeath, EncodingSuchAStampIsOurOwnBug) {
  EXPECT_DEATH(encode_command({{}, {NodeId(1), Incarnation(0), 1, 1}, "x"}), "well_formed");
  EXPECT_DEATH(encode_command({{}, {NodeId(0), Incarnation(0), 1, 0}, "x"}), "well_formed");
}

// --- rows ---

RC_GTEST_PROP(Rows, EverythingComesBack, ()) {
  std::vector<std::pair<Bytes, Bytes>> given;
  Bytes rows;
  for (std::size_t i = test::below(6); i > 0; --i) {
    given.emplace_back(test::bytes(), test::bytes());
    const std::size_t before = rows.size();
    const Row row{given.back().first, given.back().second};
    append_row(rows, row);
    RC_ASSERT((rows.size() == before + row_bytes(row)));
  }
  RowReader reader(rows);
  for (const auto& [key, value] : given) RC_ASSERT((reader.next().value() == Row{key, value}));
  RC_ASSERT(!reader.next().value().has_value());
}

Result<std::size_t> count_rows(BytesView rows) {
  RowReader reader(rows);
  for (std::size_t count = 0;; ++count) {
    const auto row = reader.next();
    if (!row) return std::unexpected(row.error());
    if (!*row) return count;
  }
}

TEST(Rows, RowsThatEndEarlyAreMalformed) {
  Bytes one;
  append_row(one, {"key", "value"});
  for (std::size_t size = 1; size < one.size(); ++size) {
    EXPECT_EQ(count_rows(BytesView(one).substr(0, size)).error().code, Code::malformed) << size;
  }
  EXPECT_EQ(count_rows(""), 0u);
  EXPECT_EQ(count_rows(one), 1u);
  EXPECT_FALSE(count_rows(Bytes(8, '\xff')).has_value()) << "lengths whose sum overflows 32 bits";
  RowReader reader(BytesView(one).substr(1));
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.next().has_value()) << "the error stays";
  test::survives_mutation(one + one, count_rows);
}

Bytes rows_with(std::initializer_list<BytesView> keys) {
  Bytes rows;
  for (const BytesView key : keys) append_row(rows, {key, "value"});
  return rows;
}

TEST(Rows, KeysRiseFromRowToRowAndFromChunkToChunk) {
  RisingKeys keys;
  EXPECT_TRUE(keys.follow(""));
  EXPECT_TRUE(keys.follow(rows_with({"", "a", "ab"})));
  EXPECT_TRUE(keys.follow("")) << "a chunk without rows";
  EXPECT_EQ(keys.follow(rows_with({"ab"})).error().code, Code::malformed);
  EXPECT_EQ(keys.follow(rows_with({"b", "d", "c"})).error().code, Code::malformed);
  EXPECT_EQ(keys.follow(rows_with({"e"}) + "cut").error().code, Code::malformed);
  EXPECT_TRUE(keys.follow(rows_with({"ac"}))) << "what was refused does not count";
  EXPECT_TRUE(keys.follow(rows_with({"ac\xff"}))) << "as unsigned bytes";
}

// --- identity ---

RC_GTEST_PROP(IdentityRecord, EverythingComesBack, ()) {
  Identity identity{test::uuid(), test::uuid(), test::id<NodeId>(), data_format_version, test::genesis()};
  identity.genesis.cluster.uuid = identity.cluster;
  RC_ASSERT((decode_identity(encode_identity(identity)) == identity));
}

TEST(IdentityRecord, DamageIsFoundAndLaterFormatsAreRefused) {
  const Bytes record = encode_identity(examples::identity());
  test::refuses_every_truncation(record, decode_identity);
  test::survives_mutation(record, decode_identity);
  Bytes bad = record;
  bad[7] = static_cast<char>(bad[7] ^ 1);
  EXPECT_EQ(decode_identity(bad).error().code, Code::damaged);
  Identity later = examples::identity();
  later.format_version = data_format_version + 1;
  EXPECT_EQ(decode_identity(encode_identity(later)).error().code, Code::incompatible);
  Identity torn = examples::identity();
  torn.cluster = torn.node;
  EXPECT_EQ(decode_identity(encode_identity(torn)).error().code, Code::damaged);
}

}  // namespace
}  // namespace nodedb::wire
