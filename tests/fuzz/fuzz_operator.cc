// SPDX-License-Identifier: Apache-2.0
// What operators ask and are answered, the URI of a certificate, and addresses as text. What is understood is
// written and understood again.

#include "app/operator_protocol.h"
#include "edge/tls/identity.h"
#include "tests/fuzz/fuzz.h"

extern "C" int NODEDB_FUZZER(operator)(const std::uint8_t* data, std::size_t size) {
  using namespace nodedb;
  const BytesView text = fuzz::view(data, size);
  if (const auto request = app::parse_request(text)) {
    CHECK(app::parse_request(app::encode_request(*request)) == *request);
  }
  if (const auto answer = app::parse_answer(text)) {
    const auto again = app::parse_answer(app::encode_answer(Result<app::Json>(*answer)));
    CHECK(again && again->dump() == answer->dump());
  }
  if (const auto identity = tls::parse_identity(text)) {
    CHECK(tls::uri(*identity) == text);
  }
  return 0;
}
