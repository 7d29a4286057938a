// SPDX-License-Identifier: Apache-2.0
#include "wire/rows.h"

#include <limits>

#include "base/check.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

constexpr std::size_t lengths_bytes = 8;

}  // namespace

void append_row(Bytes& rows, const Row& row) {
  CHECK(row.key.size() <= std::numeric_limits<std::uint32_t>::max());
  CHECK(row.value.size() <= std::numeric_limits<std::uint32_t>::max());
  Writer out(rows);
  out.u32(static_cast<std::uint32_t>(row.key.size()));
  out.u32(static_cast<std::uint32_t>(row.value.size()));
  out.raw(row.key);
  out.raw(row.value);
}

Result<std::optional<Row>> RowReader::next() {
  if (rest_.empty()) return std::nullopt;
  Reader in(rest_);
  const std::size_t key_size = in.u32();
  const std::size_t value_size = in.u32();
  const Row row{in.raw(key_size), in.raw(value_size)};
  if (!in.ok()) return std::unexpected(in.error("a snapshot row"));
  rest_.remove_prefix(lengths_bytes + key_size + value_size);
  return row;
}

Result<void> RisingKeys::follow(BytesView rows) {
  RowReader reader(rows);
  BytesView last = last_;
  bool any = any_;
  for (;;) {
    const auto row = reader.next();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    if (any && (*row)->key <= last) return fail(Code::malformed, "the keys of a snapshot's rows do not rise");
    last = (*row)->key;
    any = true;
  }
  // `last` may look into `last_`.
  if (!rows.empty()) last_ = Bytes(last);
  any_ = any;
  return {};
}

}  // namespace nodedb::wire
