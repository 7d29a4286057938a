// SPDX-License-Identifier: Apache-2.0
#include "wire/peer_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/limits.h"
#include "swim/rules.h"
#include "tests/unit/wire/examples.h"
#include "tests/unit/wire/generators.h"
#include "tests/unit/wire/robustness.h"
#include "wire/error_codec.h"
#include "wire/writer.h"

namespace nodedb::wire {
namespace {

Result<PeerMessage> decoded(const EncodedMessage& frame) {
  return decode(frame.kind, Blob(frame.whole_payload()));
}

std::vector<EncodedMessage> frames_of(const PeerMessage& message, std::size_t payload_bytes) {
  std::vector<EncodedMessage> frames;
  EXPECT_TRUE(encode_frames(message, payload_bytes, [&](EncodedMessage frame) {
    frames.push_back(std::move(frame));
    return true;
  }));
  return frames;
}

Code refused(const PeerMessage& message) {
  const auto result = decoded(encode(message));
  EXPECT_FALSE(result.has_value());
  return result ? Code::invalid_state : result.error().code;
}

RC_GTEST_PROP(PeerCodec, EveryMessageComesBack, ()) {
  const PeerMessage message = test::peer_message();
  const EncodedMessage frame = encode(message);
  const auto result = decoded(frame);
  RC_ASSERT((result.has_value()));
  RC_ASSERT((*result == message));
  RC_ASSERT((encode(*result).whole_payload() == frame.whole_payload()));
}

RC_GTEST_PROP(PeerCodec, BundlesInSmallFramesSayTheSame, ()) {
  RaftBundle bundle;
  ForwardBundle forward;
  for (std::size_t i = test::below(12); i > 0; --i) {
    bundle.messages.push_back({test::id<GroupId>(), test::raft_message()});
    forward.requests.push_back(test::forward());
    forward.replies.push_back(test::forward_reply());
  }
  const std::size_t size = 1 + test::below(600);
  RaftBundle again;
  for (const auto& frame : frames_of(bundle, size)) {
    auto part = std::get<RaftBundle>(decoded(frame).value());
    RC_ASSERT((part.messages.size() == 1u || frame.payload_bytes() <= size));
    again.messages.insert(again.messages.end(), part.messages.begin(), part.messages.end());
  }
  RC_ASSERT((again == bundle));
  ForwardBundle forward_again;
  for (const auto& frame : frames_of(forward, size)) {
    auto part = std::get<ForwardBundle>(decoded(frame).value());
    forward_again.requests.insert(forward_again.requests.end(), part.requests.begin(), part.requests.end());
    forward_again.replies.insert(forward_again.replies.end(), part.replies.begin(), part.replies.end());
  }
  RC_ASSERT((forward_again == forward));
}

TEST(PeerCodec, ExamplesRefuseTruncationAndSurviveMutation) {
  for (const PeerMessage& message : examples::peer_messages()) {
    const EncodedMessage frame = encode(message);
    const auto again = [&](BytesView bytes) { return decode(frame.kind, Blob(Bytes(bytes))); };
    const Bytes payload = frame.whole_payload();
    test::refuses_every_truncation(payload, again);
    test::survives_mutation(payload, again);
    EXPECT_FALSE(again(payload + "x").has_value()) << "a byte is left over";
  }
}

TEST(PeerCodec, ATraceHasAnId) {
  Forward forward;
  forward.command = Blob("GET k");
  forward.trace.trace.fill(0xee);
  EncodedMessage frame = encode(ForwardBundle{{forward}, {}});
  ASSERT_TRUE(decoded(frame).has_value());
  std::ranges::replace(frame.payload, '\xee', '\0');
  EXPECT_EQ(decoded(frame).error().code, Code::malformed);
}

TEST(PeerCodec, ARequestHasNoFlagsButItsOwn) {
  Forward forward{7, Incarnation(1), GroupId(1), false, {}, Blob("GET k")};
  EncodedMessage frame = encode(ForwardBundle{{forward}, {}});
  constexpr std::size_t flags_at = 4;  // behind the count and three numbers
  for (const int flags : {0, 2}) {
    frame.payload[flags_at] = static_cast<char>(flags);
    EXPECT_TRUE(decoded(frame).has_value()) << flags;
  }
  for (const int flags : {3, 7, 8, 128}) {
    frame.payload[flags_at] = static_cast<char>(flags);
    EXPECT_EQ(decoded(frame).error().code, Code::malformed) << flags;
  }
}

TEST(PeerCodec, EmptyBundlesHaveNoFrames) {
  EXPECT_TRUE(frames_of(RaftBundle{}, 100).empty());
  EXPECT_TRUE(frames_of(ForwardBundle{}, 100).empty());
  EXPECT_EQ(frames_of(Founded{}, 100).size(), 1u);
}

TEST(PeerCodec, WhoWantsNoMoreFramesGetsNone) {
  ForwardBundle bundle;
  bundle.requests.resize(4);
  bundle.replies.resize(4);
  for (int wanted = 0; wanted < 8; ++wanted) {
    int taken = 0;
    EXPECT_FALSE(encode_frames(bundle, 1, [&](const EncodedMessage&) { return taken++ < wanted; }));
    EXPECT_EQ(taken, wanted + 1);
  }
}

TEST(PeerCodec, WhatIsLargeGoesOutWithoutACopy) {
  const Blob large(Bytes(large_bytes_min, 'l'));
  const Blob small(Bytes(large_bytes_min - 1, 's'));
  raft::Append append{Term(3), {Index(7), Term(2)}, Index(6), {}};
  append.entries.push_back({Index(8), Term(3), raft::EntryKind::command, large});
  append.entries.push_back({Index(9), Term(3), raft::EntryKind::command, small});
  append.entries.push_back({Index(10), Term(3), raft::EntryKind::command, large});
  Forward forward;
  forward.command = large;
  ForwardReply reply;
  reply.result = large;
  SnapshotChunk chunk;
  chunk.rows = large;
  const std::pair<PeerMessage, std::size_t> messages[] = {{RaftBundle{{{GroupId(5), append}}}, 2},
                                                          {ForwardBundle{{forward}, {reply}}, 2},
                                                          {LargeReply{reply}, 1},
                                                          {chunk, 1}};
  for (const auto& [message, shared] : messages) {
    const EncodedMessage frame = encode(message);
    ASSERT_EQ(frame.large.size(), shared);
    for (const auto& part : frame.large) EXPECT_EQ(part.bytes.view().data(), large.view().data());
    EXPECT_LT(frame.payload.capacity(), 2 * large_bytes_min) << "no room is made for what is shared";
    const Bytes payload = frame.whole_payload();
    EXPECT_EQ(frame.payload_bytes(), payload.size());
    const auto header = frame_header(frame);
    EXPECT_EQ(Bytes(header.data(), header.size()) + payload, encode_frame(frame.kind, payload));
    EXPECT_EQ(decoded(frame), message);
  }
}

TEST(PeerCodec, PayloadsAreSlicesOfTheFrame) {
  raft::Append append{Term(3), {Index(7), Term(2)}, Index(6), {}};
  append.entries.push_back({Index(8), Term(3), raft::EntryKind::command, Blob(Bytes(100, 'e'))});
  const Blob payload(encode(RaftBundle{{{GroupId(5), append}}}).whole_payload());
  const auto message = decode(FrameKind::raft, payload);
  const auto& got = std::get<raft::Append>(std::get<RaftBundle>(*message).messages.at(0).message);
  const BytesView entry = got.entries.at(0).payload.view();
  EXPECT_EQ(entry, Bytes(100, 'e'));
  EXPECT_GE(entry.data(), payload.view().data());
  EXPECT_LE(entry.data() + entry.size(), payload.view().data() + payload.size());
}

TEST(PeerCodec, CapsAreKept) {
  raft::Append append;
  for (std::uint64_t i = 1; i <= limits::append_entries_max + 1; ++i) {
    append.entries.push_back({Index(i), Term(1), raft::EntryKind::noop, {}});
  }
  EXPECT_EQ(refused(RaftBundle{{{GroupId(1), append}}}), Code::too_large);
  raft::Pulse pulse;
  pulse.claims.resize(vshard_count + 2);
  EXPECT_EQ(refused(pulse), Code::too_large);
  RaftBundle bundle;
  bundle.messages.resize(limits::bundle_messages_max + 1);
  EXPECT_EQ(refused(bundle), Code::too_large);
  EXPECT_EQ(frames_of(bundle, std::size_t{1} << 40).size(), 2u) << "the encoder cuts before the cap";
}

TEST(PeerCodec, TextsForPeopleAreCutToWhatThePeerAccepts) {
  const auto founded = decoded(encode(Founded{false, Bytes(100'000, 'x')}));
  EXPECT_EQ(std::get<Founded>(*founded).reason.size(), error_detail_bytes_max);
}

TEST(PeerCodec, EntriesThatTheCoreCouldNotTakeAreRefused) {
  const auto with = [](raft::EntryKind kind, Bytes payload) {
    raft::Append append;
    append.entries.push_back({Index(1), Term(1), kind, Blob(std::move(payload))});
    return RaftBundle{{{GroupId(1), append}}};
  };
  EXPECT_EQ(refused(with(raft::EntryKind::noop, "payload")), Code::malformed);
  EXPECT_EQ(refused(with(raft::EntryKind::config, "not a config")), Code::malformed);
  EXPECT_EQ(refused(with(static_cast<raft::EntryKind>(3), "")), Code::incompatible);
  raft::Append append;
  append.previous.index = Index(std::numeric_limits<std::uint64_t>::max());
  append.entries.push_back({Index(0), Term(1), raft::EntryKind::noop, {}});
  EXPECT_EQ(refused(RaftBundle{{{GroupId(1), append}}}), Code::malformed);
}

TEST(PeerCodec, PulsesNameOnlyGroupsThatExist) {
  raft::Pulse pulse;
  pulse.claims.push_back({GroupId(vshard_count), Term(1), Index(), true});
  pulse.refusals.push_back({GroupId(vshard_count), Term(1)});
  EXPECT_TRUE(decoded(encode(pulse)).has_value());
  pulse.claims[0].group = GroupId(vshard_count + 1);
  EXPECT_EQ(refused(pulse), Code::malformed);
  pulse.claims.clear();
  pulse.refusals[0].group = GroupId(0xffffffff);
  EXPECT_EQ(refused(pulse), Code::malformed);
}

TEST(PeerCodecDeath, AnAppendWithAGapIsOurOwnBug) {
  raft::Append append;
  append.entries.push_back({Index(2), Term(1), raft::EntryKind::noop, {}});
  EXPECT_DEATH(encode(RaftBundle{{{GroupId(1), append}}}), "without a gap");
}

TEST(PeerCodec, UnknownKindsAreIncompatible) {
  for (int kind = 0; kind < 256; ++kind) {
    const auto result = decode(static_cast<FrameKind>(kind), Blob());
    ASSERT_FALSE(result.has_value()) << "no message is empty: kind " << kind;
    if (kind == 0 || (kind > 19 && (kind < 32 || kind > 35))) {
      EXPECT_EQ(result.error().code, Code::incompatible) << kind;
    }
  }
}

/// SWIM counts on it (swim/rules.h): no message is larger than what it thinks.
TEST(PeerCodec, SwimKnowsTheSizeOfItsMessages) {
  const auto size = [](const swim::Message& message) { return encode(message).payload.size(); };
  swim::Rumour small{NodeId(1), {Incarnation(2), 0}, swim::Standing::alive, NodeId(1)};
  swim::Rumour large{NodeId(0xffffffff),
                     {Incarnation(~std::uint64_t{0}), 0xffffffff},
                     swim::Standing::left,
                     NodeId(0x12345)};
  for (const swim::Rumour& rumour : {small, large}) {
    EXPECT_EQ(size(swim::Gossip{{rumour, rumour}}) - size(swim::Gossip{{rumour}}),
              swim::rumour_bytes(rumour));
  }
  const swim::PingRequest request{~std::uint64_t{0}, NodeId(0xffffffff), {300, small}};
  EXPECT_EQ(size(request), swim::message_bytes + 300 * swim::rumour_bytes(small));
  EXPECT_TRUE(rides_datagram(swim::Message(swim::Nack{})));
  EXPECT_FALSE(rides_datagram(raft::Pulse{}));
}

TEST(PeerCodec, SwimsWordsAreRefusedIfTheyMeanNothing) {
  EXPECT_EQ(decode(FrameKind::swim, Blob(Bytes("\x07", 1))).error().code, Code::incompatible);
  EXPECT_EQ(decode(FrameKind::swim, Blob(Bytes("\x05\x01\x01\x01\x00\x04\x01", 7))).error().code,
            Code::malformed);
  EXPECT_TRUE(decode(FrameKind::swim, Blob(Bytes("\x05\x01\x01\x01\x00\x03\x01", 7))).has_value());
  EXPECT_EQ(decode(FrameKind::swim, Blob(Bytes("\x05\xff\xff\x7f", 4))).error().code, Code::too_large);
}

TEST(PeerCodec, StreamsNameTheirClassFirst) {
  for (const auto stream :
       {StreamClass::control, StreamClass::log, StreamClass::forward, StreamClass::bulk}) {
    const EncodedMessage open = encode_stream_open(stream);
    EXPECT_EQ(decode_stream_open({open.kind, Blob(open.payload)}), stream);
  }
  EXPECT_EQ(decode_stream_open({FrameKind::stream_open, Blob("\x04")}).error().code, Code::incompatible);
  EXPECT_EQ(decode_stream_open({FrameKind::stream_open, Blob()}).error().code, Code::malformed);
  EXPECT_EQ(decode_stream_open({FrameKind::hello, Blob("\x01")}).error().code, Code::malformed);
}

TEST(PeerCodec, NothingWaitsBehindWhatIsLessUrgent) {
  EXPECT_EQ(stream_class(raft::Pulse{}), StreamClass::control);
  EXPECT_EQ(stream_class(RaftBundle{}), StreamClass::log);
  EXPECT_EQ(stream_class(ForwardBundle{}), StreamClass::forward);
  EXPECT_EQ(stream_class(LargeReply{}), StreamClass::bulk);
  EXPECT_EQ(stream_class(SnapshotChunk{}), StreamClass::bulk);
}

// Peers of other builds read these numbers: base/error.h may grow only at its end.
TEST(PeerCodec, ErrorCodesKeepTheirNumbers) {
  const std::string_view names[] = {"malformed",
                                    "too_large",
                                    "busy",
                                    "not_leader",
                                    "wrong_epoch",
                                    "no_leader",
                                    "timeout",
                                    "lost",
                                    "stale_session",
                                    "out_of_order",
                                    "stopping",
                                    "not_initialised",
                                    "already_initialised",
                                    "not_member",
                                    "wrong_cluster",
                                    "unauthenticated",
                                    "forbidden",
                                    "unreachable",
                                    "disk_full",
                                    "disk_failed",
                                    "damaged",
                                    "incompatible",
                                    "not_found",
                                    "conflict",
                                    "invalid_state",
                                    "unsupported",
                                    "over_budget"};
  ASSERT_EQ(std::size(names), static_cast<std::size_t>(last_code) + 1);
  for (std::size_t i = 0; i < std::size(names); ++i) EXPECT_EQ(name(static_cast<Code>(i)), names[i]);
}

}  // namespace
}  // namespace nodedb::wire
