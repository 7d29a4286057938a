// SPDX-License-Identifier: Apache-2.0
#include "app/kv_commands.h"

#include <algorithm>
#include <iostream>
#include <iterator>

#include "base/base64.h"
#include "base/limits.h"
#include "base/slot.h"
#include "base/units.h"
#include "kv/internal.h"

namespace nodedb::app {

namespace {

/// Longer than a node has time for it.
constexpr std::int64_t patience_ns = 15 * ns_per_s;

Operator patient(Operator from) {
  from.timeout_ns = std::max(from.timeout_ns, patience_ns);
  return from;
}

Result<ReadWish> wish_of(const ReadWords& words) {
  const auto level = parse_level(words.level);
  if (!level) return fail(Code::malformed, "--level: " + level.error().detail);
  const auto staleness = parse_duration(words.max_staleness);
  if (!staleness) return fail(Code::malformed, "--max-staleness: " + staleness.error().detail);
  return ReadWish{*level, *staleness};
}

Exit no_such_key(const std::string& key) {
  return complain({Code::not_found, "there is no key " + json_string(key)});
}

/// One byte more than is taken, if there is so much.
Result<std::string> value_from(const std::string& word) {
  if (word != "-") return word;
  std::string value(operator_value_bytes_max + 1, '\0');
  std::cin.read(value.data(), static_cast<std::streamsize>(value.size()));
  value.resize(static_cast<std::size_t>(std::cin.gcount()));
  if (std::cin.bad()) return fail(Code::malformed, "stdin cannot be read");
  return value;
}

Json keyed(const std::string& key) {
  Json body = Json::object();
  body.set("version", 1);
  set_bytes(body, "key", key);
  return body;
}

void print_key(BytesView key, Output output) {
  if (output == Output::table) return print(std::string(key) + "\n");
  Json line = Json::object();
  set_bytes(line, "key", key);
  print(line.dump() + "\n");
}

/// Where a walk over keys that begin so begins, and the first position behind them: with a whole hash tag,
/// all lie in one slot.
struct Range {
  std::uint64_t from = 0;
  std::uint64_t end = kv::first_position(vshard_count);
};
Range range_of(BytesView prefix) {
  if (!hash_tag(prefix)) return {};
  const std::uint32_t vshard = vshard_of_slot(slot_of(prefix)).value;
  return {kv::first_position(vshard), kv::first_position(vshard + 1)};
}

}  // namespace

void set_bytes(Json& body, const char* name, BytesView bytes) {
  // What is no UTF-8 is not the same any more once it is in JSON.
  const auto read_back = Json::parse(json_string(bytes));
  if (read_back && read_back->text() == bytes) body.set(name, bytes);
  body.set(std::string(name) + "_base64", base64_text(bytes));
}

std::string pattern_of(const ScanWords& scan) {
  if (scan.prefix.empty()) return scan.match;
  std::string pattern;
  for (const char c : scan.prefix) {
    if (BytesView("*?[]\\^-").find(c) != BytesView::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "*";
}

Exit run_kv_get(const Operator& from, const std::string& key, const ReadWords& read, Output output) {
  const auto wish = wish_of(read);
  if (!wish) return complain(wish.error());
  const auto answer = ask(patient(from), KeyRequest(AskGet{key, *wish}));
  if (!answer) return complain(answer.error());
  if ((*answer)["value"].is_null()) return no_such_key(key);
  const auto value = parse_base64((*answer)["value"].text());
  if (!value) return complain(value.error());
  if (output == Output::table) {
    print(*value);
    return Exit::ok;
  }
  Json body = keyed(key);
  set_bytes(body, "value", *value);
  return show(body, output, "");
}

Exit run_kv_put(const Operator& from, const std::string& key, const std::string& value, Output output) {
  auto bytes = value_from(value);
  if (!bytes) return complain(bytes.error());
  if (bytes->size() > operator_value_bytes_max)
    return complain({Code::too_large, "an operator puts values of at most " +
                                          size_text(operator_value_bytes_max) +
                                          "; for larger ones there is the Redis port"});
  const std::size_t size = bytes->size();
  const auto answer = ask(patient(from), KeyRequest(AskPut{key, std::move(*bytes)}));
  if (!answer) return complain(answer.error());
  return show(keyed(key).set("bytes", size), output, "");
}

Exit run_kv_delete(const Operator& from, const std::string& key, Output output) {
  const auto answer = ask(patient(from), KeyRequest(AskDelete{key}));
  if (!answer) return complain(answer.error());
  if ((*answer)["deleted"].number() == 0) return no_such_key(key);
  return show(keyed(key), output, "");
}

Exit run_kv_scan(const Operator& from, const ScanWords& scan, const ReadWords& read, Output output) {
  const auto wish = wish_of(read);
  if (!wish) return complain(wish.error());
  if (!scan.match.empty() && !scan.prefix.empty())
    return complain({Code::malformed, "--match and --prefix: one of them"});
  const std::string pattern = pattern_of(scan);
  const Range range = range_of(scan.prefix);
  std::uint64_t shown = 0;
  std::uint64_t position = range.from;
  do {
    const auto page = ask(patient(from), KeyRequest(AskScan{position, range.end, pattern, *wish}));
    if (!page) return complain(page.error());
    for (const Json& one : (*page)["keys"].items()) {
      const auto key = parse_base64(one.text());
      if (!key) return complain(key.error());
      print_key(*key, output);
      if (++shown == scan.limit) return Exit::ok;
    }
    position = static_cast<std::uint64_t>((*page)["next"].number());
  } while (position != 0);
  return Exit::ok;
}

}  // namespace nodedb::app
