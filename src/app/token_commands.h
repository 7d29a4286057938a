// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster token create | ls | revoke`: what lets a new machine into the cluster, once.

#include <cstdint>
#include <string>

#include "app/exit_code.h"
#include "app/operator_calls.h"
#include "app/operator_commands.h"

namespace nodedb::app {

struct TokenWish {
  std::int64_t ttl_ns = 0;  ///< 0: the setting token.ttl
  std::string node_name;    ///< the only name that it admits; empty: any
};
/// Prints the token: nobody can ask for it again, the cluster keeps a hash of its secret. It pins the CA that
/// has signed the operator's certificate.
Exit run_token_create(const Operator& from, const TokenWish& wish, Output output);
Exit run_token_list(const Operator& from, Output output);
Exit run_token_revoke(const Operator& from, const std::string& id, Output output);

}  // namespace nodedb::app
