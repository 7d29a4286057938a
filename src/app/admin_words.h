// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of settings and the audit log (app/admin_commands.h), of join tokens (app/token_commands.h), of
// members on their way in and out (app/member_commands.h), and of the planner (app/rebalance_commands.h).

#include "app/member_commands.h"
#include "app/operator_words.h"
#include "app/token_commands.h"

namespace nodedb::app {

struct AdminWords {
  std::string name;
  std::string value;
  std::uint64_t last = 0;
  MemberWish wish;
  std::int64_t old = 0;
  TokenWish token;
  std::string ttl;
};

/// `node`: the command that has those about nodes.
void add_admin(CLI::App& app, CLI::App& node, OperatorWords& words, AdminWords& admin, Exit& exit);

}  // namespace nodedb::app
