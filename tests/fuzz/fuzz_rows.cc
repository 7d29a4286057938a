// SPDX-License-Identifier: Apache-2.0
// The rows of a snapshot chunk: as many as decode are the bytes that they came from.

#include "tests/fuzz/fuzz.h"
#include "wire/rows.h"

extern "C" int NODEDB_FUZZER(rows)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView rows = fuzz::view(data, size);
  wire::RowReader reader(rows);
  Bytes again;
  auto row = reader.next();
  for (; row && *row; row = reader.next()) wire::append_row(again, **row);
  CHECK(rows.starts_with(again));
  CHECK(row.has_value() == (again.size() == rows.size()));
  return 0;
}
