// SPDX-License-Identifier: Apache-2.0
#include "app/key_requests.h"

#include <limits>

#include "app/json.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/slot.h"
#include "base/units.h"
#include "kv/argv.h"
#include "kv/errors.h"
#include "kv/internal.h"

namespace nodedb::app {

namespace {

constexpr BytesView bytes_mark = "b:";
/// Of a key, in the audit log.
constexpr std::size_t shown_key_bytes_max = 256;

struct Level {
  ReadLevel level;
  BytesView name;
};
constexpr Level levels[] = {{ReadLevel::linearizable, "linearizable"},
                            {ReadLevel::lease, "lease"},
                            {ReadLevel::bounded, "bounded"},
                            {ReadLevel::local, "local"}};

BytesView name_of(ReadLevel level) {
  for (const Level& one : levels)
    if (one.level == level) return one.name;
  CHECK(false);  // a session's reads need an index: no operator asks for them
  return {};
}

std::string word(BytesView bytes) {
  return std::string(bytes_mark) + base64_text(bytes);
}

std::string words(const ReadWish& wish) {
  return std::string(name_of(wish.level)) + " " + std::to_string(wish.max_staleness_ns);
}

Result<Bytes> parse_bytes(BytesView word, std::size_t bytes_max) {
  if (!word.starts_with(bytes_mark)) return fail(Code::malformed, "a key or a value begins with b:");
  auto bytes = parse_base64(word.substr(bytes_mark.size()));
  if (bytes && bytes->size() > bytes_max)
    return fail(Code::too_large, "this has " + std::to_string(bytes->size()) + " bytes, and at most " +
                                     std::to_string(bytes_max) + " are taken");
  return bytes;
}

Result<ReadWish> parse_wish(BytesView level_word, BytesView staleness_word) {
  const auto level = parse_level(level_word);
  if (!level) return std::unexpected(level.error());
  const auto staleness = parse_number(staleness_word);
  if (!staleness) return std::unexpected(staleness.error());
  if (*staleness > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return fail(Code::too_large, "the staleness is too large");
  return ReadWish{*level, static_cast<std::int64_t>(*staleness)};
}

Result<KeyRequest> parse_get(std::span<const BytesView> words) {
  auto key = parse_bytes(words[1], limits::key_bytes_max);
  if (!key) return std::unexpected(key.error());
  const auto wish = parse_wish(words[2], words[3]);
  if (!wish) return std::unexpected(wish.error());
  return AskGet{std::move(*key), *wish};
}

Result<KeyRequest> parse_put(std::span<const BytesView> words) {
  auto key = parse_bytes(words[1], limits::key_bytes_max);
  if (!key) return std::unexpected(key.error());
  auto value = parse_bytes(words[2], operator_value_bytes_max);
  if (!value) return std::unexpected(value.error());
  return AskPut{std::move(*key), std::move(*value)};
}

Result<KeyRequest> parse_delete(std::span<const BytesView> words) {
  auto key = parse_bytes(words[1], limits::key_bytes_max);
  if (!key) return std::unexpected(key.error());
  return AskDelete{std::move(*key)};
}

Result<KeyRequest> parse_scan(std::span<const BytesView> words) {
  const auto from = parse_number(words[1]);
  if (!from) return std::unexpected(from.error());
  if (!kv::vshard_of_position(*from)) return fail(Code::malformed, "the scan begins behind the last vShard");
  const auto end = parse_number(words[2]);
  if (!end) return std::unexpected(end.error());
  auto pattern = parse_bytes(words[3], limits::glob_bytes_max);
  if (!pattern) return std::unexpected(pattern.error());
  const auto wish = parse_wish(words[4], words[5]);
  if (!wish) return std::unexpected(wish.error());
  return AskScan{*from, *end, std::move(*pattern), *wish};
}

node::ClientRequest read_of(VShardId vshard, Bytes command, const ReadWish& wish) {
  node::ClientRequest request;
  request.vshard = vshard;
  request.command = Blob(std::move(command));
  request.level = wish.level;
  request.max_staleness_ns = wish.max_staleness_ns;
  return request;
}

node::ClientRequest write_of(BytesView key, const kv::Argv& argv) {
  node::ClientRequest request;
  request.vshard = vshard_of_slot(slot_of(key));
  request.write = true;
  request.command = Blob(kv::encode(argv));
  return request;
}

/// Printable, and not longer than a line of the audit log bears.
std::string shown(BytesView key) {
  const bool cut = key.size() > shown_key_bytes_max;
  return json_string(key.substr(0, shown_key_bytes_max)) + (cut ? "…" : "");
}

}  // namespace

Bytes encode_key_request(const KeyRequest& request) {
  struct Text {
    Bytes operator()(const AskGet& ask) const { return "get " + word(ask.key) + " " + words(ask.wish); }
    Bytes operator()(const AskPut& ask) const { return "put " + word(ask.key) + " " + word(ask.value); }
    Bytes operator()(const AskDelete& ask) const { return "del " + word(ask.key); }
    Bytes operator()(const AskScan& ask) const {
      return "scan " + std::to_string(ask.from) + " " + std::to_string(ask.end) + " " + word(ask.pattern) +
             " " + words(ask.wish);
    }
  };
  return std::visit(Text{}, request);
}

std::optional<Result<KeyRequest>> parse_key_request(std::span<const BytesView> words) {
  if (words[0] == "get" && words.size() == 4) return parse_get(words);
  if (words[0] == "put" && words.size() == 3) return parse_put(words);
  if (words[0] == "del" && words.size() == 2) return parse_delete(words);
  if (words[0] == "scan" && words.size() == 6) return parse_scan(words);
  return std::nullopt;
}

Result<ReadLevel> parse_level(BytesView text) {
  for (const Level& one : levels)
    if (one.name == text) return one.level;
  return fail(Code::malformed, "there is no read level '" + std::string(text.substr(0, 32)) +
                                   "': linearizable, lease, bounded or local");
}

node::ClientRequest command_of(const KeyRequest& request) {
  struct Command {
    node::ClientRequest operator()(const AskGet& ask) const {
      return read_of(vshard_of_slot(slot_of(ask.key)), kv::encode(kv::Argv{"GET", ask.key}), ask.wish);
    }
    node::ClientRequest operator()(const AskPut& ask) const {
      return write_of(ask.key, {"SET", ask.key, ask.value});
    }
    node::ClientRequest operator()(const AskDelete& ask) const { return write_of(ask.key, {"DEL", ask.key}); }
    node::ClientRequest operator()(const AskScan& ask) const {
      const auto vshard = kv::vshard_of_position(ask.from);
      CHECK(vshard.has_value());
      kv::ScanQuery query{.position = ask.from, .count = scan_page_rows};
      if (!ask.pattern.empty()) query.match = ask.pattern;
      return read_of(*vshard, kv::scan_query(query), ask.wish);
    }
  };
  return std::visit(Command{}, request);
}

std::optional<std::string> audit_text(const KeyRequest& request) {
  if (const auto* put = std::get_if<AskPut>(&request))
    return "kv put " + shown(put->key) + ", " + std::to_string(put->value.size()) + " bytes";
  if (const auto* gone = std::get_if<AskDelete>(&request)) return "kv del " + shown(gone->key);
  return std::nullopt;
}

Result<kv::Reply> sound_reply(const Result<Blob>& answer) {
  if (!answer) return std::unexpected(answer.error());
  auto reply = kv::decode_reply(answer->view());
  if (!reply || !reply->is_error()) return reply;
  if (reply->text == kv::errors::damaged_row) return fail(Code::damaged, reply->text);
  return fail(reply->text == kv::errors::wrong_vshard ? Code::wrong_epoch : Code::malformed, reply->text);
}

}  // namespace nodedb::app
