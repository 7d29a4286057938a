// SPDX-License-Identifier: Apache-2.0
// Strangers write requests to join: every cap is held before anything is believed.

#include "wire/join_codec.h"

#include <gtest/gtest.h>

#include "tests/unit/wire/examples.h"
#include "tests/unit/wire/robustness.h"

namespace nodedb::wire {
namespace {

Code refused(const JoinRequest& request) {
  const auto decoded = decode_join_request(encode(request));
  return decoded ? Code::stopping : decoded.error().code;
}

TEST(JoinCodec, SurvivesTruncationAndMutation) {
  const auto request = [](BytesView bytes) { return decode_join_request(bytes); };
  test::refuses_every_truncation(encode(examples::join_request()), request);
  test::survives_mutation(encode(examples::join_request()), request);
  const auto answer = [](BytesView bytes) { return decode_join_answer(bytes); };
  for (const JoinAnswer& example : examples::join_answers()) {
    test::refuses_every_truncation(encode(example), answer);
    test::survives_mutation(encode(example), answer);
  }
}

TEST(JoinCodec, WhatIsOverACapIsRefused) {
  JoinRequest request = examples::join_request();
  request.name = std::string(node_name_bytes_max + 1, 'n');
  EXPECT_EQ(refused(request), Code::too_large);
  request = examples::join_request();
  request.hosts.assign(join_hosts_max + 1, "h");
  EXPECT_EQ(refused(request), Code::too_large);
  request.hosts = {std::string(host_bytes_max + 1, 'h')};
  EXPECT_EQ(refused(request), Code::too_large);
  request = examples::join_request();
  request.signing_request = Bytes(signing_request_bytes_max + 1, 's');
  EXPECT_EQ(refused(request), Code::too_large);
  EXPECT_EQ(decode_join_request(Bytes(join_request_bytes_max + 1, 'x')).error().code, Code::too_large);
}

TEST(JoinCodec, WhatComesBehindIsRefused) {
  EXPECT_EQ(decode_join_request(encode(examples::join_request()) + "x").error().code, Code::malformed);
  for (const JoinAnswer& example : examples::join_answers())
    EXPECT_EQ(decode_join_answer(encode(example) + "x").error().code, Code::malformed);
}

TEST(JoinCodec, TheLargestRequestThatIsAllowedFits) {
  JoinRequest request = examples::join_request();
  request.name = std::string(node_name_bytes_max, 'n');
  request.hosts.assign(join_hosts_max, std::string(host_bytes_max, 'h'));
  request.signing_request = Bytes(signing_request_bytes_max, 's');
  EXPECT_EQ(decode_join_request(encode(request)), request);
}

}  // namespace
}  // namespace nodedb::wire
