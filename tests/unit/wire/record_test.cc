// SPDX-License-Identifier: Apache-2.0
// Everything that is stored: log records, command entries, snapshot rows, the identity record.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/crc32c.h"
#include "tests/unit/wire/examples.h"
#include "tests/unit/wire/generators.h"
#include "tests/unit/wire/robustness.h"
#include "wire/command_codec.h"
#include "wire/identity_codec.h"
#include "wire/log_record.h"
#include "wire/rows.h"
#include "wire/writer.h"

namespace nodedb::wire {
namespace {

constexpr GroupId group{7};

// --- log records ---

RC_GTEST_PROP(LogRecord, EverythingComesBack, ()) {
  const auto where = testing::id<GroupId>();
  const auto entry = testing::entry(testing::id<Index>());
  RC_ASSERT((decode_entry(where, entry.index, encode_entry(where, entry)) == entry));
  const raft::HardState hard{testing::id<Term>(), testing::id<NodeId>(), testing::id<Index>()};
  RC_ASSERT((decode_hard_state(where, encode_hard_state(where, hard)) == hard));
  const LogBaseRecord base{testing::position(), testing::config()};
  RC_ASSERT((decode_log_base(where, encode_log_base(where, base)) == base));
}

TEST(LogRecord, EveryFlippedBitAndEveryTruncationIsDamage) {
  for (const raft::Entry& entry : examples::entries()) {
    const Bytes record = encode_entry(group, entry);
    const auto again = [&](BytesView bytes) { return decode_entry(group, entry.index, bytes); };
    testing::refuses_every_truncation(record, again);
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
      Bytes bad = record;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      const auto result = again(bad);
      ASSERT_FALSE(result.has_value()) << "bit " << bit;
      EXPECT_EQ(result.error().code, Code::damaged);
    }
  }
  testing::refuses_every_truncation(encode_hard_state(group, {Term(5), NodeId(2), Index(42)}),
                                    [](BytesView bytes) { return decode_hard_state(group, bytes); });
  testing::refuses_every_truncation(encode_log_base(group, {{Index(40), Term(4)}, examples::config()}),
                                    [](BytesView bytes) { return decode_log_base(group, bytes); });
}

TEST(LogRecord, ARecordInAnotherPlaceIsDamage) {
  const raft::Entry entry = examples::entries().at(1);
  const Bytes record = encode_entry(group, entry);
  EXPECT_EQ(decode_entry(GroupId(8), entry.index, record).error().code, Code::damaged);
  const auto moved = decode_entry(group, entry.index + 1, record);
  ASSERT_FALSE(moved.has_value());
  EXPECT_EQ(moved.error(),
            (Error{Code::damaged, "the log record of group 7, index 43, does not match its checksum"}));
  const Bytes hard = encode_hard_state(group, {Term(5), NodeId(2), Index(42)});
  EXPECT_EQ(decode_hard_state(GroupId(8), hard).error().code, Code::damaged);
  EXPECT_EQ(decode_log_base(group, hard).error().code, Code::damaged) << "of another kind";
  EXPECT_EQ(decode_entry(group, Index(0), hard).error().code, Code::damaged) << "of another kind";
}

// A record whose checksum is right can still be nonsense: written by a bug, or by a later build.
TEST(LogRecord, WellSealedNonsenseIsRefused) {
  const auto seal = [](Bytes body) {
    Bytes place;
    Writer out(place);
    out.u32(group.value);
    out.u64(9);
    Writer(body).u32(crc32c(body, crc32c(place)));
    return body;
  };
  using namespace std::string_literals;
  const auto code = [&](const Bytes& body) { return decode_entry(group, Index(9), seal(body)).error().code; };
  EXPECT_EQ(code("\x02\x02????????"s), Code::incompatible) << "a later version";
  EXPECT_EQ(code("\x01\x07????????"s), Code::damaged) << "an unknown kind";
  EXPECT_EQ(code("\x01\x02????"s), Code::damaged) << "half a term";
  EXPECT_EQ(code("\x01\x01????????payload"s), Code::damaged) << "a noop with a payload";
  EXPECT_EQ(code("\x01\x03????????no config"s), Code::damaged);
  EXPECT_EQ(code("\x01"s), Code::damaged);
}

// --- command entries ---

RC_GTEST_PROP(CommandEntry, EverythingComesBack, ()) {
  const Bytes command = testing::bytes(200);
  const CommandEntry entry{
      {testing::number<std::int64_t>(), testing::number<std::uint32_t>()}, testing::stamp(), command};
  const Blob payload = encode_command(entry);
  RC_ASSERT((decode_command(payload.view()) == entry));
}

TEST(CommandEntry, SurvivesTruncationAndMutation) {
  const Blob payload = examples::entries().at(1).payload;
  const BytesView command = decode_command(payload.view())->command;
  testing::refuses_every_truncation(payload.view().substr(0, payload.size() - command.size() - 1),
                                    [](BytesView bytes) { return decode_command(bytes); });
  testing::survives_mutation(payload.view(), [](BytesView bytes) {
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
  for (std::size_t i = testing::below(6); i > 0; --i) {
    given.emplace_back(testing::bytes(), testing::bytes());
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
  testing::survives_mutation(one + one, count_rows);
}

// --- identity ---

RC_GTEST_PROP(IdentityRecord, EverythingComesBack, ()) {
  Identity identity{testing::uuid(), testing::uuid(), testing::id<NodeId>(), data_format_version,
                    testing::genesis()};
  identity.genesis.cluster.uuid = identity.cluster;
  RC_ASSERT((decode_identity(encode_identity(identity)) == identity));
}

TEST(IdentityRecord, DamageIsFoundAndLaterFormatsAreRefused) {
  const Bytes record = encode_identity(examples::identity());
  testing::refuses_every_truncation(record, decode_identity);
  testing::survives_mutation(record, decode_identity);
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
