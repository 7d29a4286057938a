// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command line's end of the operator protocol: ask one node, or all that can be reached.

#include <string>
#include <vector>

#include "app/operator_protocol.h"

namespace nodedb::app {

/// Whom to ask and with what certificate.
struct Operator {
  std::string certs;  ///< directory with ca.crt, client.crt, client.key
  std::string node;   ///< QUIC address of any node
  std::int64_t timeout_ns = 5 * ns_per_s;
};

/// Errors: the node's own, unreachable, timeout, and those of the certificates.
Result<Json> ask(const Operator& from, const OperatorRequest& request);

/// What is said of a cluster that is none yet, with the command that helps.
std::unexpected<Error> not_formed(const Operator& from);

/// One node's answer to `status`, or why there is none.
struct NodeAnswer {
  std::string address;
  Result<Json> status;

  /// Its address, and why there is no status. Pre: there is none.
  Json silence_json() const;
};
/// The status of the node that `from` names and of every member that it knows, asked at once. The first is
/// that node's. Errors: when that node does not answer.
Result<std::vector<NodeAnswer>> ask_everybody(const Operator& from, const node::StatusWish& wish);

}  // namespace nodedb::app
