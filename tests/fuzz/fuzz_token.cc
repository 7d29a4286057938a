// SPDX-License-Identifier: Apache-2.0
// A join token as text. What is understood is written in lower case, and understood again.

#include "base/join_token.h"
#include "tests/fuzz/fuzz.h"

extern "C" int NODEDB_FUZZER(token)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView given = fuzz::view(data, size);
  if (const auto token = parse_join_token(given)) {
    const std::string written = text(*token);
    CHECK(written.size() == given.size());
    CHECK(parse_join_token(written) == *token);
  }
  if (const auto id = parse_token_id(given)) CHECK(text(*id) == given);
  return 0;
}
