// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a machine that has nothing but a token becomes a node of the cluster: it makes its key, is called by
// it, asks a member for a certificate and keeps what it is given in a certificates directory of its own.
// Blocking, with a loop of its own.
//
// What is there says how far it has come, so it may be killed at any instant and is simply run again:
//
//   nothing ──node.key──▶ it has a name ──ca.crt, members, then node.crt──▶ joined
//
// Each file is replaced whole and durable before the next is written. The key stays the same, and with it the
// node's UUID, so that the cluster knows a second request with the token for the first one made again.

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/join_token.h"
#include "base/uuid.h"

namespace nodedb::quic {

struct JoinPlan {
  JoinToken token;
  std::vector<std::string> addresses;  ///< members' host:port, asked one after the other
  std::string directory;               ///< for node.key, node.crt, ca.crt and members; made (0700) if missing
  std::string name;                    ///< may be empty
  std::vector<std::string> hosts;      ///< for the certificate: where others will reach it
  std::int64_t timeout_ns = 30'000'000'000;  ///< for each address
};
/// TOKEN@HOST:PORT[,HOST:PORT…]. Errors: those of parse_join_token; malformed.
Result<JoinPlan> parse_join_target(const std::string& text);

struct Joined {
  Uuid cluster;
  Uuid node;
  std::vector<std::string> members;  ///< what to dial
  bool already = false;              ///< the directory had everything: nobody was asked
};
/// Errors: those of call_once and of the cluster (not_found, conflict, forbidden: the token is unknown, used,
/// or expired), wrong_cluster, damaged (an answer that does not fit), and those of files. Of several
/// addresses the last one's, or the first that cannot be better elsewhere.
Result<Joined> join_by_token(const JoinPlan& plan);

}  // namespace nodedb::quic
