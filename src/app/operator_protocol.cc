// SPDX-License-Identifier: Apache-2.0
#include "app/operator_protocol.h"

#include <limits>
#include <vector>

#include "app/status_json.h"
#include "base/limits.h"
#include "base/units.h"
#include "meta/codec.h"

namespace nodedb::app {

namespace {

std::vector<BytesView> words_of(BytesView line) {
  std::vector<BytesView> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

Result<std::uint32_t> parse_id(BytesView word) {
  const auto number = parse_number(word);
  if (!number) return std::unexpected(number.error());
  if (*number > std::numeric_limits<std::uint32_t>::max())
    return fail(Code::too_large, "the number " + std::string(word.substr(0, 32)) + " is too large");
  return static_cast<std::uint32_t>(*number);
}

struct RequestText {
  Bytes operator()(const AskInit&) const { return "init"; }
  Bytes operator()(const AskStatus& ask) const {
    Bytes text = "status";
    if (ask.wish.groups) text += " groups";
    if (ask.wish.group) text += " group " + std::to_string(ask.wish.group->value);
    if (ask.wish.history) text += " history";
    if (ask.wish.admin) text += " admin";
    if (ask.wish.plan) text += " plan";
    return text;
  }
  Bytes operator()(const AskTransfer& ask) const {
    return "transfer " + std::to_string(ask.group.value) + " " + std::to_string(ask.to.value);
  }
  Bytes operator()(const AskMigrate& ask) const {
    return "migrate " + std::to_string(ask.vshard.value) + " " + std::to_string(ask.from.value) + " " +
           std::to_string(ask.to.value) + " " + std::to_string(ask.pause_budget_us);
  }
  Bytes operator()(const AskCancel& ask) const { return "cancel " + ask.migration.text(); }
  Bytes operator()(const AskAdminister& ask) const {
    return "administer " + hex_text(meta::encode(ask.entry));
  }
  Bytes operator()(const AskRecoverMetadata& ask) const {
    const raft::Forced& forced = ask.forced;
    Bytes text = "recover-metadata " + std::to_string(forced.term.value) + " " +
                 std::to_string(forced.last.index.value) + " " + std::to_string(forced.last.term.value);
    for (const NodeId learner : forced.learners) text += " " + std::to_string(learner.value);
    return text;
  }
  Bytes operator()(const AskRebalance&) const { return "rebalance"; }
  Bytes operator()(const KeyRequest& ask) const { return encode_key_request(ask); }
};

std::unexpected<Error> unknown(BytesView verb) {
  return fail(Code::malformed, "this node does not know the request '" + std::string(verb.substr(0, 32)) +
                                   "' in that form; is the command line of another version?");
}

Result<OperatorRequest> parse_status(const std::vector<BytesView>& words) {
  AskStatus ask;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "groups") {
      ask.wish.groups = true;
    } else if (words[i] == "history") {
      ask.wish.history = true;
    } else if (words[i] == "admin") {
      ask.wish.admin = true;
    } else if (words[i] == "plan") {
      ask.wish.plan = true;
    } else if (words[i] == "group" && i + 1 < words.size()) {
      const auto group = parse_id(words[++i]);
      if (!group) return std::unexpected(group.error());
      ask.wish.group = GroupId(*group);
    } else {
      return unknown(words[0]);
    }
  }
  return ask;
}

Result<OperatorRequest> parse_transfer(const std::vector<BytesView>& words) {
  const auto group = parse_id(words[1]);
  if (!group) return std::unexpected(group.error());
  const auto to = parse_id(words[2]);
  if (!to) return std::unexpected(to.error());
  return AskTransfer{GroupId(*group), NodeId(*to)};
}

Result<OperatorRequest> parse_migrate(const std::vector<BytesView>& words) {
  const auto vshard = parse_id(words[1]);
  if (!vshard) return std::unexpected(vshard.error());
  if (const auto known = vshard_of(*vshard); !known) return std::unexpected(known.error());
  const auto from = parse_id(words[2]);
  if (!from) return std::unexpected(from.error());
  const auto to = parse_id(words[3]);
  if (!to) return std::unexpected(to.error());
  const auto budget = parse_number(words[4]);
  if (!budget) return std::unexpected(budget.error());
  return AskMigrate{VShardId(static_cast<std::uint16_t>(*vshard)), NodeId(*from), NodeId(*to), *budget};
}

Result<OperatorRequest> parse_administer(BytesView digits) {
  const auto bytes = parse_hex(digits);
  if (!bytes) return std::unexpected(bytes.error());
  auto entry = meta::decode_entry(*bytes);
  if (!entry) return std::unexpected(entry.error());
  return AskAdminister{std::move(*entry)};
}

Result<OperatorRequest> parse_recover_metadata(const std::vector<BytesView>& words) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 1; i < 4; ++i) {
    const auto number = parse_number(words[i]);
    if (!number) return std::unexpected(number.error());
    numbers.push_back(*number);
  }
  AskRecoverMetadata ask{{Term(numbers[0]), {Index(numbers[1]), Term(numbers[2])}, {}}};
  for (std::size_t i = 4; i < words.size(); ++i) {
    const auto learner = parse_id(words[i]);
    if (!learner) return std::unexpected(learner.error());
    ask.forced.learners.push_back(NodeId(*learner));
  }
  return ask;
}

/// The code whose name this is; `invalid_state` for one that a later version may have.
Code code_named(BytesView text) {
  for (int i = 0; i <= static_cast<int>(Code::over_budget); ++i)
    if (name(static_cast<Code>(i)) == text) return static_cast<Code>(i);
  return Code::invalid_state;
}

Json memory_json(const MemoryTable& memory) {
  Json consumers = Json::object();
  for (const MemoryRow& row : memory.rows) {
    Json one = Json::object();
    one.set("used", row.used_bytes).set("bound", row.bound_bytes);
    consumers.set(row.consumer, std::move(one));
  }
  Json body = Json::object();
  body.set("budget", memory.budget_bytes)
      .set("resident", memory.resident_bytes)
      .set("consumers", std::move(consumers));
  return body;
}

struct ReplyJson {
  const AnswerSurroundings& around;

  Json operator()(const node::Initialised& reply) const {
    Json body = Json::object();
    body.set("cluster", reply.cluster.uuid.text())
        .set("version", reply.cluster.version)
        .set("replication_factor", reply.cluster.replication_factor);
    return body;
  }
  Json operator()(const node::Status& reply) const { return status_answer(reply, around); }
  Json operator()(const node::Transferred&) const { return Json::object(); }
  Json operator()(const node::Administered&) const { return Json::object(); }
  Json operator()(const node::TokenClaimed&) const { return Json::object(); }
  Json operator()(const node::MigrationTaken& reply) const {
    Json body = Json::object();
    body.set("migration", reply.id.text());
    return body;
  }
  Json operator()(const node::ConfigProposed& reply) const {
    Json body = Json::object();
    body.set("index", reply.at.index.value).set("term", reply.at.term.value);
    return body;
  }
};

}  // namespace

Bytes encode_request(const OperatorRequest& request) {
  return std::visit(RequestText{}, request);
}

Result<VShardId> vshard_of(std::int64_t number) {
  if (number >= 0 && number < std::int64_t{vshard_count}) return VShardId(static_cast<std::uint16_t>(number));
  return fail(Code::not_found, "there is no vShard " + std::to_string(number) + "; they are 0 to " +
                                   std::to_string(vshard_count - 1));
}

Result<OperatorRequest> parse_request(BytesView line) {
  if (line.size() > limits::operator_request_bytes_max)
    return fail(Code::too_large, "an operator request is one line, and not as long as that");
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const std::vector<BytesView> words = words_of(line);
  if (words.empty()) return fail(Code::malformed, "the request is empty");
  if (words[0] == "init" && words.size() == 1) return AskInit{};
  if (words[0] == "status") return parse_status(words);
  if (words[0] == "transfer" && words.size() == 3) return parse_transfer(words);
  if (words[0] == "migrate" && words.size() == 5) return parse_migrate(words);
  if (words[0] == "cancel" && words.size() == 2) {
    const auto id = Uuid::parse(words[1]);
    if (!id) return std::unexpected(id.error());
    return AskCancel{*id};
  }
  if (words[0] == "recover-metadata" && words.size() >= 4) return parse_recover_metadata(words);
  if (words[0] == "administer" && words.size() == 2) return parse_administer(words[1]);
  if (words[0] == "rebalance" && words.size() == 1) return AskRebalance{};
  if (auto keys = parse_key_request(words)) return std::move(*keys);
  return unknown(words[0]);
}

Json status_answer(const node::Status& status, const AnswerSurroundings& around) {
  Json io = Json::object();
  io.set("log_syncs", status.log_syncs)
      .set("datagrams_sent", around.net.datagrams_sent)
      .set("bytes_sent", around.net.bytes_sent)
      .set("datagrams_received", around.net.datagrams_received)
      .set("bytes_received", around.net.bytes_received)
      .set("dropped_full", around.net.dropped_full)
      .set("dropped_unconnected", around.net.dropped_unconnected);
  Json body = status_json(status);
  body.set("io", std::move(io))
      .set("memory", memory_json(around.memory))
      .set("certificates", around.certificates);
  return body;
}

Bytes encode_answer(const Result<Json>& answer) {
  if (answer) return "0\n" + answer->dump();
  Json body = Json::object();
  body.set("code", name(answer.error().code)).set("error", answer.error().detail);
  return std::to_string(static_cast<int>(exit_of(answer.error().code))) + "\n" + body.dump();
}

Bytes encode_answer(const decltype(node::OperatorReply::result)& result, const AnswerSurroundings& around) {
  if (!result) return encode_answer(Result<Json>(std::unexpected(result.error())));
  return encode_answer(Result<Json>(std::visit(ReplyJson{around}, *result)));
}

Result<Json> parse_answer(BytesView answer) {
  const std::size_t end = answer.find('\n');
  if (end == BytesView::npos) return fail(Code::malformed, "the node's answer has no exit status");
  auto body = Json::parse(answer.substr(end + 1));
  if (!body) return body;
  if (answer.substr(0, end) == "0") return body;
  return fail(code_named((*body)["code"].text()), (*body)["error"].text("the node gave no reason"));
}

}  // namespace nodedb::app
