// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/rng.h"
#include "kv/argv.h"
#include "kv/codec.h"
#include "kv/machine.h"
#include "kv/reply.h"
#include "shard.h"

namespace nodedb::kv::test {
namespace {

Bytes random_bytes(Rng& rng, std::size_t size_max) {
  Bytes bytes(rng.below(size_max + 1), '\0');
  for (char& c : bytes) c = static_cast<char>(rng.next());
  return bytes;
}

TEST(ArgvEncoding, Bytes) {
  EXPECT_EQ(encode(Argv{"GET", "k"}), BytesView("\x01\x02\x03GET\x01k", 8));
  EXPECT_EQ(encode(Purge{}), "\x03");
  const Transaction transaction{.watches = {{.key = "w", .present = true, .token = Index(258)}},
                                .commands = {{"INCR", "k"}}};
  EXPECT_EQ(encode(transaction), BytesView("\x02\x01\x01w\x01\x02\x01\0\0\0\0\0\0\x01\x02\x04INCR\x01k", 22));
}

TEST(ArgvEncoding, RoundTrips) {
  const Bytes big(70'000, 'x');
  const Argv argv{"SET", "", big, BytesView("\0\xff", 2)};
  EXPECT_EQ(decode(encode(argv)), Result<Command>(argv));
  EXPECT_EQ(decode(encode(Purge{})), Result<Command>(Purge{}));
  const Transaction transaction{.watches = {{.key = "a", .present = false, .token = Index(~std::uint64_t{0})},
                                            {.key = "", .present = true, .token = {}}},
                                .commands = {argv, {"GET", "a"}}};
  EXPECT_EQ(decode(encode(transaction)), Result<Command>(transaction));
  EXPECT_EQ(decode(encode(Transaction{})), Result<Command>(Transaction{}));
}

TEST(ArgvEncoding, EveryCutIsRefused) {
  const Transaction transaction{.watches = {{.key = "w", .present = true, .token = Index(7)}},
                                .commands = {{"SET", "k", "v"}, {"GET", "k"}}};
  for (const Bytes& whole : {encode(Argv{"SET", "k", "value"}), encode(transaction), encode(Purge{})}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto decoded = decode(BytesView(whole).substr(0, size));
      ASSERT_FALSE(decoded) << size;
      EXPECT_EQ(decoded.error().code, Code::malformed);
    }
    EXPECT_FALSE(decode(whole + "x"));
  }
}

TEST(ArgvEncoding, LiesAboutSizesAreRefused) {
  const auto code = [](BytesView bytes) { return decode(bytes).error().code; };
  EXPECT_EQ(code(BytesView("\x01\x00", 2)), Code::malformed) << "no words";
  EXPECT_EQ(code("\x01\xff\xff\xff\xff\x0f"), Code::malformed) << "more words than bytes";
  EXPECT_EQ(code("\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"), Code::malformed) << "a word of 2^64-1";
  EXPECT_EQ(code("\x01\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01x"), Code::malformed)
      << "a varint of 11 bytes";
  EXPECT_EQ(code(BytesView("\x01\x81\x00\x01x", 5)), Code::malformed) << "a varint longer than need be";
  EXPECT_EQ(code(BytesView("\x02\x01\x01w\x02\0\0\0\0\0\0\0\0\0", 14)), Code::malformed)
      << "present is 0 or 1";
  EXPECT_EQ(code("\x04"), Code::incompatible);
  Bytes many("\x01", 1);
  put_varint(many, limits::arguments_max + 1);
  many.append(limits::arguments_max + 1, '\0');
  EXPECT_EQ(code(many), Code::too_large);
}

TEST(ArgvEncoding, GarbageNeverCrashes) {
  Rng rng(1);
  const Bytes good = encode(Transaction{.watches = {{.key = "{t}w", .present = true, .token = Index(7)}},
                                        .commands = {{"SET", "{t}k", "v"}, {"GET", "{t}k"}}});
  Shard shard;
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = random_bytes(rng, 40);
    if (round % 2 == 0) {
      bytes = good;
      for (int flips = 0; flips < 3; ++flips) bytes[rng.below(bytes.size())] = static_cast<char>(rng.next());
    }
    const bool decodes = decode(bytes).has_value();
    const bool admitted = check_entry(bytes).has_value();
    EXPECT_TRUE(decodes || !admitted);
    const std::string reply = shard.entry(bytes);
    if (admitted) {
      EXPECT_FALSE(reply.starts_with('!')) << "what the door lets in must apply";
    }
    shard.query(bytes);
  }
}

TEST(ReplyEncoding, Bytes) {
  EXPECT_EQ(encode(Reply::ok()), "\x02\x02OK");
  EXPECT_EQ(encode(Reply::null()), BytesView("\0", 1));
  EXPECT_EQ(encode(Reply::integer(-1)), "\x04\x01");
  EXPECT_EQ(encode(Reply::array({Reply::bulk("a"), Reply::null_array()})),
            "\x06\x02\x05\x01"
            "a\x01");
}

TEST(ReplyEncoding, RoundTrips) {
  for (const std::int64_t n :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{-65},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(decode_reply(encode(Reply::integer(n))), Result<Reply>(Reply::integer(n)));
  }
  const Reply tree = Reply::map({Reply::bulk("matches"), Reply::array({Reply::array(), Reply::null()}),
                                 Reply::simple("x"), Reply::from_real(-0.5), Reply::boolean(true),
                                 Reply::error("ERR no"), Reply::null_array(), Reply::boolean(false)});
  EXPECT_EQ(decode_reply(encode(tree)), Result<Reply>(tree));
  EXPECT_EQ(Reply::error("ERR two\r\nlines").text, "ERR two  lines");
}

TEST(ReplyEncoding, BadBytesAreRefused) {
  const Bytes whole =
      encode(Reply::array({Reply::bulk("abc"), Reply::integer(1 << 20), Reply::from_real(1)}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_reply(BytesView(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_reply(whole + "x"));
  EXPECT_FALSE(decode_reply("\x0a"));
  EXPECT_FALSE(decode_reply("\x09\x02"));
  EXPECT_FALSE(decode_reply("\x06\xff\xff\xff\xff\x0f"));
}

TEST(ReplyEncoding, DepthAndElementsAreCapped) {
  Reply deep = Reply::null();
  for (std::size_t i = 0; i < limits::reply_depth_max; ++i) deep = Reply::array({std::move(deep)});
  EXPECT_TRUE(decode_reply(encode(deep)));
  EXPECT_EQ(decode_reply(encode(Reply::array({deep}))).error().code, Code::too_large);
  Bytes wide("\x06", 1);
  put_varint(wide, limits::reply_items_max + 1);
  wide.append(limits::reply_items_max + 1, '\0');
  EXPECT_EQ(decode_reply(wide).error().code, Code::too_large);
}

TEST(ReplyEncoding, GarbageNeverCrashes) {
  Rng rng(2);
  for (int round = 0; round < 100'000; ++round) {
    Bytes bytes = random_bytes(rng, 24);
    for (char& c : bytes) {
      if (rng.chance(0.7)) c = static_cast<char>(rng.below(11));
    }
    const auto reply = decode_reply(bytes);
    if (reply && reply->kind != Reply::Kind::real) {
      EXPECT_EQ(decode_reply(encode(*reply)).has_value(), true);
    }
  }
}

}  // namespace
}  // namespace nodedb::kv::test
