// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of settings, join tokens, the audit log, and members on their way in and out
// (app/admin_commands.h).

#include "app/admin_commands.h"
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
