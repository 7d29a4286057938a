// SPDX-License-Identifier: Apache-2.0
// The rows of a snapshot chunk: as many as decode are the bytes that they came from, and keys rise if each is
// above the one before it, in the same chunk and in the next.

#include <algorithm>
#include <functional>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "wire/rows.h"

extern "C" int NODEDB_FUZZER(rows)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView rows = fuzz::view(data, size);
  wire::RowReader reader(rows);
  Bytes again;
  std::vector<BytesView> keys;
  auto row = reader.next();
  for (; row && *row; row = reader.next()) {
    wire::append_row(again, **row);
    keys.push_back((*row)->key);
  }
  CHECK(rows.starts_with(again));
  CHECK(row.has_value() == (again.size() == rows.size()));
  const bool rise = std::ranges::adjacent_find(keys, std::greater_equal<>()) == keys.end();
  wire::RisingKeys rising;
  const bool follows = rising.follow(rows).has_value();
  CHECK(follows == (row.has_value() && rise));
  if (follows) CHECK(rising.follow(rows).has_value() == keys.empty());
  return 0;
}
