// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a transport lets through of machines that have no certificate: one request each, understood and judged
// as far as that goes without the cluster. Whether the token is good is for group 0 to say.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/join_token.h"
#include "base/time.h"
#include "base/uuid.h"
#include "wire/join_codec.h"

namespace nodedb::quic {

/// A machine that holds the key of `signing_request`, and is called by that key, asks to be let in.
struct JoinAsk {
  TokenId token;
  Digest secret;  ///< SHA-256 of what it says is the token's secret; to be compared by same_secret
  Uuid node;
  std::string name;
  std::vector<std::string> hosts;
  Bytes signing_request;
  std::string from;  ///< its address
};

struct JoinDoorLimits {
  std::size_t newcomers_max = 16;         ///< at once
  std::size_t from_one_address_max = 10;  ///< in each window
  std::size_t addresses_max = 256;        ///< in each window
  std::int64_t window_ns = 10 * ns_per_s;
  std::int64_t request_timeout_ns = 5 * ns_per_s;   ///< from the handshake to the whole request
  std::int64_t answer_timeout_ns = 30 * ns_per_s;   ///< from there to the answer
  std::int64_t farewell_timeout_ns = 5 * ns_per_s;  ///< from there until the newcomer has gone
};

/// How often each address, and all of them, may come. Only for addresses that are known to be real.
class JoinGate {
 public:
  explicit JoinGate(const JoinDoorLimits& limits) : limits_(limits) {}

  bool pass(const std::string& host, std::int64_t now_ns) {
    if (now_ns - window_began_ns_ >= limits_.window_ns) {
      window_began_ns_ = now_ns;
      times_.clear();
    }
    const auto at = times_.find(host);
    if (at == times_.end() && times_.size() >= limits_.addresses_max) return false;
    return ++times_[host] <= limits_.from_one_address_max;
  }

 private:
  JoinDoorLimits limits_;
  std::int64_t window_began_ns_ = long_ago.ns;
  std::map<std::string, std::size_t> times_;
};

}  // namespace nodedb::quic
