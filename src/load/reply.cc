// SPDX-License-Identifier: Apache-2.0
#include "load/reply.h"

#include "base/limits.h"
#include "kv/numbers.h"

namespace nodedb::load {

namespace {

constexpr BytesView line_end = "\r\n";
/// A line that has not ended by then is none.
constexpr std::size_t line_bytes_max = 64 * 1024;

class Parser {
 public:
  explicit Parser(BytesView text) : left_(text) {}

  /// False: more has to come.
  Result<bool> reply(kv::Reply& out, std::size_t depth) {
    if (depth > limits::reply_depth_max) return fail(Code::too_large, "the reply is nested too deeply");
    const std::size_t end = left_.substr(0, line_bytes_max).find(line_end);
    if (end == BytesView::npos) {
      if (left_.size() >= line_bytes_max) return fail(Code::too_large, "a line of the reply is too long");
      return false;
    }
    if (end == 0) return fail(Code::malformed, "the reply is an empty line");
    const char kind = left_[0];
    const BytesView line = left_.substr(1, end - 1);
    left_.remove_prefix(end + line_end.size());
    if (kind == '+') return done(out, kv::Reply::simple(line));
    if (kind == '-') return done(out, kv::Reply::error(line));
    const auto number = kv::parse_integer(line);
    if (!number) return fail(Code::malformed, "the reply has no number where one belongs");
    if (kind == ':') return done(out, kv::Reply::integer(*number));
    if (kind == '$') return bulk(out, *number);
    if (kind == '*') return array(out, *number, depth);
    return fail(Code::malformed, "the reply is of no kind that is known");
  }

  BytesView left() const { return left_; }

 private:
  static bool done(kv::Reply& out, kv::Reply reply) {
    out = std::move(reply);
    return true;
  }

  Result<bool> bulk(kv::Reply& out, std::int64_t size) {
    if (size < 0) return done(out, kv::Reply::null());
    const auto bytes = static_cast<std::size_t>(size);
    if (bytes > limits::gathered_bytes_max) return fail(Code::too_large, "the reply is too large");
    if (left_.size() < bytes + line_end.size()) return false;
    if (left_.substr(bytes, line_end.size()) != line_end)
      return fail(Code::malformed, "the reply does not end where it says");
    done(out, kv::Reply::bulk(Bytes(left_.substr(0, bytes))));
    left_.remove_prefix(bytes + line_end.size());
    return true;
  }

  Result<bool> array(kv::Reply& out, std::int64_t size, std::size_t depth) {
    if (size < 0) return done(out, kv::Reply::null_array());
    if (static_cast<std::size_t>(size) > limits::reply_items_max - items_)
      return fail(Code::too_large, "the reply has too many parts");
    items_ += static_cast<std::size_t>(size);
    std::vector<kv::Reply> items;
    for (std::int64_t i = 0; i < size; ++i) {
      items.emplace_back();
      auto whole = reply(items.back(), depth + 1);
      if (!whole || !*whole) return whole;
    }
    return done(out, kv::Reply::array(std::move(items)));
  }

  BytesView left_;
  std::size_t items_ = 0;
};

}  // namespace

Result<std::optional<ParsedReply>> parse_reply(BytesView text) {
  Parser parser(text);
  ParsedReply parsed;
  const auto whole = parser.reply(parsed.reply, 0);
  if (!whole) return std::unexpected(whole.error());
  if (!*whole) return std::nullopt;
  parsed.bytes = text.size() - parser.left().size();
  return parsed;
}

std::string error_code(const kv::Reply& error) {
  return error.text.substr(0, error.text.find(' '));
}

void append_command(std::string& out, std::initializer_list<BytesView> words) {
  out += "*" + std::to_string(words.size()) + "\r\n";
  for (const BytesView word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n";
    out += word;
    out += line_end;
  }
}

}  // namespace nodedb::load
