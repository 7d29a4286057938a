// SPDX-License-Identifier: Apache-2.0
// Parts of values: APPEND, STRLEN, GETRANGE (and SUBSTR, its old name), SETRANGE.

#include <algorithm>

#include "base/limits.h"
#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/numbers.h"

namespace nodedb::kv {

namespace {

struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

Result<Range> parse_range(const Argv& argv) {
  const auto first = integer_argument(argv[2]);
  if (!first) return std::unexpected(first.error());
  const auto last = integer_argument(argv[3]);
  if (!last) return std::unexpected(last.error());
  return Range{.first = *first, .last = *last};
}

/// The bytes from first to last, both counted from the end when negative, clipped to what is there.
BytesView part(BytesView value, Range range) {
  const auto size = static_cast<std::int64_t>(value.size());
  if (range.first < 0 && range.last < 0 && range.first > range.last) return {};
  const auto from_start = [size](std::int64_t i) { return std::max<std::int64_t>(i < 0 ? size + i : i, 0); };
  const std::int64_t first = from_start(range.first);
  const std::int64_t last = std::min(from_start(range.last), size - 1);
  if (first > last) return {};
  return value.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1));
}

Result<std::int64_t> parse_offset(BytesView text) {
  const auto offset = integer_argument(text);
  if (offset && *offset < 0) return fail(Code::malformed, Bytes(errors::offset_range));
  return offset;
}

bool too_long(std::uint64_t size, std::uint64_t more) {
  return size > limits::value_bytes_max || more > limits::value_bytes_max - size;
}

}  // namespace

Reply run_append(Keyspace& keys, const Argv& argv) {
  const rows::Item* item = keys.find(argv[1]);
  if (item == nullptr) {
    keys.put(argv[1], {.value = argv[2]});
    return Reply::integer(static_cast<std::int64_t>(argv[2].size()));
  }
  if (too_long(item->value.size(), argv[2].size())) return Reply::error(errors::string_too_long);
  Bytes longer;
  longer.reserve(item->value.size() + argv[2].size());
  longer.append(item->value).append(argv[2]);
  keys.put(argv[1], {.value = longer, .expire_at_ms = item->expire_at_ms, .form = rows::Form::edited});
  return Reply::integer(static_cast<std::int64_t>(longer.size()));
}

Reply run_strlen(Keyspace& keys, const Argv& argv) {
  const rows::Item* item = keys.find(argv[1]);
  return Reply::integer(item == nullptr ? 0 : static_cast<std::int64_t>(item->value.size()));
}

Reply run_getrange(Keyspace& keys, const Argv& argv) {
  const auto range = parse_range(argv);
  if (!range) return Reply::error(range.error());
  const rows::Item* item = keys.find(argv[1]);
  return Reply::bulk(item == nullptr ? Bytes() : Bytes(part(item->value, *range)));
}

Reply run_setrange(Keyspace& keys, const Argv& argv) {
  const auto offset = parse_offset(argv[2]);
  if (!offset) return Reply::error(offset.error());
  const rows::Item* item = keys.find(argv[1]);
  const BytesView old = item == nullptr ? BytesView() : item->value;
  if (argv[3].empty()) return Reply::integer(static_cast<std::int64_t>(old.size()));
  const auto start = static_cast<std::uint64_t>(*offset);
  if (too_long(start, argv[3].size())) return Reply::error(errors::string_too_long);
  Bytes edited(old);
  edited.resize(std::max<std::size_t>(edited.size(), static_cast<std::size_t>(start) + argv[3].size()), '\0');
  edited.replace(static_cast<std::size_t>(start), argv[3].size(), argv[3]);
  const std::int64_t expire = item == nullptr ? 0 : item->expire_at_ms;
  keys.put(argv[1], {.value = edited, .expire_at_ms = expire, .form = rows::Form::edited});
  return Reply::integer(static_cast<std::int64_t>(edited.size()));
}

Result<void> check_getrange(const Argv& argv) {
  return verdict(parse_range(argv));
}

Result<void> check_setrange(const Argv& argv) {
  return verdict(parse_offset(argv[2]));
}

}  // namespace nodedb::kv
