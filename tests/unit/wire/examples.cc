// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/wire/examples.h"

#include <algorithm>
#include <array>

#include "base/crc32c.h"
#include "meta/codec.h"
#include "meta/decide.h"
#include "meta/placement.h"
#include "wire/join_codec.h"
#include "wire/peer_codec.h"
#include "wire/rows.h"

namespace nodedb::examples {

namespace {

constexpr GroupId group{7};

Uuid uuid(std::uint8_t last) {
  Uuid made = Uuid::parse("6ba7b810-9dad-41d1-80b4-00c04fd43000").value();
  made.bytes.back() = last;
  return made;
}

wire::RaftBundle bundle() {
  raft::Append append{Term(5), {Index(40), Term(4)}, Index(39), {}};
  for (raft::Entry entry : entries()) {
    entry.index = append.previous.index + (append.entries.size() + 1);
    append.entries.push_back(std::move(entry));
  }
  return {{
      {group, raft::VoteRequest{Term(5), {Index(300), Term(4)}, true, false}},
      {group, raft::VoteReply{Term(5), true, true}},
      {group, append},
      {GroupId(0), raft::AppendReply{Term(5), true, Index(43), Index(0), {}}},
      {GroupId(1024),
       raft::AppendReply{Term(5), false, Index(0), Index(300), {Index(250), Term(3)}, Index(200)}},
      {group, raft::TimeoutNow{Term(5), Time{7 * ns_per_s}, 250 * ns_per_ms}},
      {group, raft::ReadIndexRequest{Term(5), 0x1234567890}},
      {group, raft::ReadIndexReply{Term(5), 0x1234567890, true, Index(43)}},
  }};
}

raft::Pulse pulse() {
  raft::Pulse made;
  made.incarnation = Incarnation(3);
  made.sent = Time{1'234'567'890'123};
  made.base = 10;
  made.version = 12;
  made.reply_now = true;
  made.claims = {{GroupId(0), Term(2), Index(99), true}, {group, Term(5), Index(0), false}};
  made.echo_incarnation = Incarnation(8);
  made.echo_sent = Time{-1};
  made.echo_version = 300;
  made.refusals = {{GroupId(12), Term(6)}};
  return made;
}

wire::ForwardBundle forwards() {
  const wire::SessionStamp stamp{NodeId(2), Incarnation(3), 1000, 998};
  wire::ForwardReply refusal{78, Incarnation(4), group, Blob(), NodeId(3), Index()};
  refusal.result = fail(Code::not_leader, "node 3 leads");
  return {{{77, Incarnation(3), group, true, stamp, Blob("SET k v")},
           {78,
            Incarnation(3),
            group,
            false,
            {},
            Blob("GET k"),
            true,
            TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").value()}},
          {{77, Incarnation(4), group, Blob("OK"), NodeId(), Index(1000)}, refusal}};
}

Bytes rows() {
  Bytes made;
  wire::append_row(made, {"a key", "its value"});
  wire::append_row(made, {"an empty value", ""});
  return made;
}

std::string kind_name(const wire::PeerMessage& message) {
  constexpr std::array names{"hello",
                             "found",
                             "founded",
                             "raft",
                             "pulse",
                             "forward",
                             "large-reply",
                             "snapshot-offer",
                             "snapshot-credit",
                             "snapshot-chunk",
                             "move-order",
                             "move-report",
                             "snapshot-wanted",
                             "swim",
                             "load-report",
                             "certificate-wanted",
                             "certificate-given",
                             "vitals"};
  return names.at(message.index());
}

}  // namespace

meta::Genesis genesis() {
  meta::GenesisPlan plan;
  plan.cluster = uuid(0xc0);
  plan.founders = {{uuid(1), "10.0.0.1:7400", "10.0.0.1:6379"},
                   {uuid(2), "10.0.0.2:7400", "10.0.0.2:6379"},
                   {uuid(3), "db3.example:7400", ""}};
  plan.vshards_placed = 4;
  auto made = meta::make_genesis(plan).value();
  made.placement.resize(6);
  return made;
}

wire::Identity identity() {
  return {uuid(0xc0), uuid(2), NodeId(2), wire::data_format_version, genesis()};
}

raft::Config config() {
  return {
      {NodeId(1), NodeId(2), NodeId(4)}, {NodeId(1), NodeId(2), NodeId(3)}, {NodeId(9)}, {NodeId(3)}, true};
}

std::vector<raft::Entry> entries() {
  const wire::CommandEntry command{
      {1'700'000'000'000'000'000, 2}, {NodeId(2), Incarnation(3), 1000, 998}, "SET k v"};
  return {{Index(41), Term(4), raft::EntryKind::noop, {}},
          {Index(42), Term(4), raft::EntryKind::command, wire::encode_command(command)},
          {Index(43), Term(5), raft::EntryKind::config, Blob(raft::encode(config()))}};
}

wire::MoveReport report() {
  wire::GroupReport led{group, Term(5), config(), Index(43), true, false, {}};
  led.target =
      wire::GroupReport::Follower{NodeId(9), Index(40), true, 3, 400, 20'000'000, 262'144, 1'048'576, 65'536};
  return {Term(6), Incarnation(3), 41, Index(200), {led}, {{group, true, 900, 12, true}, {GroupId(7)}}};
}

std::vector<wire::PeerMessage> peer_messages() {
  const wire::TransferId transfer{Incarnation(3), 17};
  return {
      wire::Hello{NodeId(2), Incarnation(3), "10.0.0.2:7400", "10.0.0.2:6379", true},
      wire::Found{genesis(), NodeId(3)},
      wire::Founded{false, "another cluster", false},
      bundle(),
      pulse(),
      forwards(),
      wire::LargeReply{{79, Incarnation(4), group, Blob("a large value"), NodeId(), Index(301)}},
      wire::SnapshotOffer{transfer, group, Term(5), {Index(300), Term(4)}, config()},
      wire::SnapshotCredit{transfer, group, 5, 13, false, true},
      wire::SnapshotChunk{transfer, group, 5, crc32c(rows()), 0x89abcdef, true, Blob(rows())},
      wire::MoveOrder{group, uuid(7), meta::Order(meta::OrderTransfer{NodeId(4), 500'000})},
      report(),
      wire::SnapshotWanted{GroupId(0)},
      swim_messages().at(2),
      wire::LoadReport{{{VShardId(7), 5'000'000, 1'200, 40}, {VShardId(1023), 0, 0, 300}}},
      wire::CertificateWanted{"a signing request", {"db2.example", "10.0.0.2"}},
      wire::CertificateGiven{Bytes("a certificate")},
      wire::Vitals{125, 40'000'000'000, 100'000'000'000, 512, 900, 14'000},
  };
}

std::vector<swim::Message> swim_messages() {
  const std::vector<swim::Rumour> rumours{
      {NodeId(4), {Incarnation(3), 1}, swim::Standing::suspect, NodeId(2)},
      {NodeId(300), {Incarnation(9), 0}, swim::Standing::left, NodeId(300)}};
  return {swim::Ping{77, rumours}, swim::Ack{77, {}},     swim::PingRequest{77, NodeId(4), rumours},
          swim::Nack{77},          swim::Gossip{rumours}, swim::Sync{true, rumours}};
}

std::vector<wire::MoveOrder> move_orders() {
  return {
      {group, uuid(7), {}},
      {group, uuid(7), meta::Order(meta::OrderLearner{NodeId(4)})},
      {group, uuid(7), meta::Order(meta::OrderReplace{NodeId(1), NodeId(4)})},
      {group, uuid(7), meta::Order(meta::OrderLeave{})},
      {group, uuid(7), meta::Order(meta::OrderLeaveBack{})},
      {group, uuid(7), meta::Order(meta::OrderRemoveLearner{NodeId(4)})},
      {group, uuid(7), meta::Order(meta::OrderTransfer{NodeId(4), 500'000})},
      {group, uuid(7), meta::Order(meta::OrderDrop{Index(300), Term(9)})},
      {group, {}, wire::RestoreVoters{Epoch(3), {NodeId(1), NodeId(2), NodeId(4)}}},
  };
}

std::vector<meta::MigrationPayload> migration_payloads() {
  const VShardId vshard(1023);
  const meta::AddLearnerCheckpoint first{vshard,           NodeId(1), NodeId(4),
                                         group_of(vshard), 500'000,   {1'700'000'000'000'000'000, 2}};
  return {first,
          meta::CatchUpCheckpoint{vshard, Index(300)},
          meta::PromoteLearnerCheckpoint{vshard, NodeId(4), group_of(vshard)},
          meta::LeadershipTransferCheckpoint{vshard, true, NodeId(4), group_of(vshard)},
          meta::CutoverCheckpoint{vshard, NodeId(4), group_of(vshard)},
          meta::CompleteCheckpoint{vshard, 12'345, true}};
}

meta::PersistedMigrationCheckpoint checkpoint() {
  return meta::make_checkpoint(uuid(7), 1, migration_payloads().at(1), 1'700'000'000'123);
}

meta::MigrationIntent intent() {
  return {.id = uuid(7),
          .first = std::get<meta::AddLearnerCheckpoint>(migration_payloads().at(0)),
          .epoch = Epoch(3),
          .begun = 200,
          .cutover = 0,
          .pause_us = 900,
          .aborting = true,
          .reason = "the target is dead",
          .compensations = meta::compensations_for(meta::MigrationPhase::catch_up)};
}

meta::MigrationHistory history() {
  return {.id = uuid(7),
          .vshard = VShardId(1023),
          .source = NodeId(1),
          .target = NodeId(4),
          .outcome = meta::MigrationOutcome::aborted,
          .attempts = 2,
          .pause_us = 900,
          .reason = "the target is dead",
          .ended = 260,
          .started_ms = 1'700'000'000'000,
          .ended_ms = 1'700'000'009'000};
}

meta::Recovery recovery() {
  return {VShardId(1023), Epoch(4), NodeId(1), {NodeId(2), NodeId(3)}, Term(9), Index(300), Term(7)};
}

Digest fingerprint(char byte) {
  Digest made;
  made.bytes.fill(static_cast<std::uint8_t>(byte));
  return made;
}

std::vector<meta::MetaEntry> meta_entries() {
  const meta::MemberUp up{NodeId(2), Incarnation(3), "10.0.0.2:7400", "10.0.0.2:6379", "two", "eu/1/b", 200};
  const meta::PlacementChange change{VShardId(1023), {Epoch(2), {NodeId(3), NodeId(1), NodeId(2)}}};
  const meta::ClusterVersion version{2};
  const meta::MemberJoin join{uuid(9), "10.0.0.9:7400", "10.0.0.9:6379", {1'700'000'000'000, "node 1"}};
  const meta::MigrationAbort abort{uuid(7), "the target is dead", intent().compensations};
  const meta::MigrationEnd end{uuid(7), meta::MigrationOutcome::completed, 1'700'000'009'000};
  const meta::GhostPurge purge{VShardId(1023), NodeId(1), 240};
  const meta::Stamp by{1'700'000'000'000, "operator"};
  Digest digest;
  digest.bytes.fill(0xd1);
  return {up,
          change,
          version,
          join,
          meta::MigrationCheckpoint{checkpoint()},
          abort,
          end,
          purge,
          meta::MemberChange{NodeId(2), meta::MemberState::leaving, NodeId(4), by},
          meta::SettingChange{"repair.after", "10m", by},
          meta::TokenCreate{TokenId(8), digest, "four", 1'700'003'600'000, by},
          meta::TokenClaim{TokenId(8), digest, uuid(9), "four", by},
          meta::TokenRevoke{TokenId(8), by},
          meta::AuditNote{"a machine at 10.0.0.9 showed no token", by},
          meta::MemberLost{NodeId(5), by},
          meta::RecoveryStart{recovery(), by},
          meta::RecoveryEnd{VShardId(1023), Term(9)},
          meta::AuthorityStage{fingerprint('f'), "a certificate", by},
          meta::AuthorityFinalise{fingerprint('f'), by},
          meta::MemberTrust{NodeId(2), fingerprint('e'), fingerprint('f')},
          meta::MetaBatch{{change, version}}};
}

JoinToken join_token() {
  JoinToken token;
  token.id = TokenId(0x0123456789abcdef);
  token.secret.fill(0x5a);
  token.authority.bytes.fill(0xc3);
  return token;
}

wire::JoinRequest join_request() {
  return {join_token().id, join_token().secret,         uuid(4),
          "db-4",          {"db4.example", "10.0.0.4"}, "a signing request"};
}

std::vector<wire::JoinAnswer> join_answers() {
  return {wire::JoinGrant{uuid(0xc0), "a certificate", {"an authority", "the next one"}, {"10.0.0.1:7400"}},
          wire::JoinRefusal{{Code::not_found, "no such token"}, {"10.0.0.2:7400"}}};
}

std::vector<Example> all() {
  std::vector<Example> made;
  const auto add = [&](std::string name, std::string fuzzer, Bytes bytes) {
    made.push_back({std::move(name), std::move(fuzzer), bytes, bytes});
  };
  for (const wire::PeerMessage& message : peer_messages()) {
    const auto frame = wire::encode(message);
    made.push_back({"frame-" + kind_name(message), "peer",
                    wire::encode_frame(frame.kind, frame.whole_payload()),
                    static_cast<char>(frame.kind) + frame.whole_payload()});
    add("frame-" + kind_name(message), "frames", made.back().bytes);
  }
  const std::array order_names{"report",         "learner",  "replace", "leave",  "leave-back",
                               "remove-learner", "transfer", "drop",    "restore"};
  for (std::size_t i = 0; const wire::MoveOrder& order : move_orders()) {
    const auto frame = wire::encode(order);
    made.push_back({std::string("move-order-") + order_names.at(i++), "peer",
                    wire::encode_frame(frame.kind, frame.whole_payload()),
                    static_cast<char>(frame.kind) + frame.whole_payload()});
  }
  const std::array swim_names{"ping", "ack", "ping-request", "nack", "gossip", "sync"};
  for (std::size_t i = 0; const wire::PeerMessage message : swim_messages()) {
    const auto frame = wire::encode(message);
    made.push_back({std::string("swim-") + swim_names.at(i++), "peer",
                    wire::encode_frame(frame.kind, frame.whole_payload()),
                    static_cast<char>(frame.kind) + frame.whole_payload()});
  }
  const auto open = wire::encode_stream_open(wire::StreamClass::log);
  add("frame-stream-open", "frames", wire::encode_frame(open.kind, open.payload));
  add("join-token", "token", text(join_token()));
  const auto add_join = [&](std::string name, wire::FrameKind kind, const Bytes& payload) {
    made.push_back(
        {std::move(name), "join", wire::encode_frame(kind, payload), static_cast<char>(kind) + payload});
  };
  add_join("frame-join-request", wire::FrameKind::join_request, wire::encode(join_request()));
  add_join("frame-join-grant", wire::FrameKind::join_answer, wire::encode(join_answers().at(0)));
  add_join("frame-join-refusal", wire::FrameKind::join_answer, wire::encode(join_answers().at(1)));
  add("command-entry", "command", Bytes(entries().at(1).payload.view()));
  add("raft-config", "raft_config", raft::encode(config()));
  add("snapshot-rows", "rows", rows());
  add("identity", "identity", wire::encode_identity(identity()));
  const std::array meta_names{"member-up",          "placement-change",     "cluster-version",
                              "member-join",        "migration-checkpoint", "migration-abort",
                              "migration-end",      "ghost-purge",          "member-change",
                              "setting-change",     "token-create",         "token-claim",
                              "token-revoke",       "audit-note",           "member-lost",
                              "recovery-start",     "recovery-end",         "authority-stage",
                              "authority-finalise", "member-trust",         "batch"};
  for (const meta::MetaEntry& entry : meta_entries()) {
    add(std::string("meta-") + meta_names.at(entry.index()), "meta", meta::encode(entry));
  }
  add("meta-genesis", "meta", meta::encode(genesis()));
  add("meta-row-cluster", "meta", meta::encode(genesis().cluster));
  add("meta-row-member", "meta", meta::encode(genesis().members.at(1)));
  add("meta-row-placement", "meta", meta::encode(genesis().placement.at(3)));
  for (const meta::MigrationPayload& payload : migration_payloads()) {
    std::string phase(meta::name(meta::phase_of(payload)));
    std::ranges::replace(phase, '_', '-');
    add("meta-payload-" + phase, "meta", meta::encode(payload));
  }
  add("meta-row-checkpoint", "meta", meta::encode(checkpoint()));
  add("meta-row-intent", "meta", meta::encode(intent()));
  add("meta-row-history", "meta", meta::encode(history()));
  add("meta-row-ghost", "meta",
      meta::encode(meta::GhostStub{VShardId(1023), NodeId(1), NodeId(4), Epoch(4), 240, uuid(7)}));
  add("meta-row-recovery", "meta", meta::encode(recovery()));
  const meta::Stamp by{1'700'000'000'000, "operator"};
  add("meta-row-setting", "meta", meta::encode(meta::Setting{"repair.after", "10m"}));
  add("meta-row-token", "meta",
      meta::encode(meta::Token{TokenId(8), Digest{}, "four", 1'700'000'000'000, 1'700'003'600'000,
                               meta::TokenState::in_flight, uuid(9), "operator"}));
  add("meta-row-authority", "meta",
      meta::encode(meta::Authority{fingerprint('f'), meta::AuthorityState::sole, "a certificate", by}));
  add("meta-row-member-trust", "meta",
      meta::encode(meta::MemberTrust{NodeId(2), fingerprint('e'), fingerprint('f')}));
  add("meta-row-audit-line", "meta",
      meta::encode(meta::AuditLine{240, 1, by, "setting repair.after to 10m"}));
  add("meta-result-done", "meta", meta::encode_result({}));
  add("meta-result-refused", "meta", meta::encode_result(fail(Code::conflict, "vShard 3 is at epoch 2")));
  return made;
}

}  // namespace nodedb::examples
