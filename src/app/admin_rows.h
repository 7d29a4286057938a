// SPDX-License-Identifier: Apache-2.0
#pragma once

// Settings, tokens and audit log as people read them, from the rows of a status (app/meta_json.h). Pure.

#include <string>

#include "app/json.h"

namespace nodedb::app {

std::string settings_table(const Json& settings);
std::string tokens_table(const Json& tokens);
std::string audit_table(const Json& lines);

}  // namespace nodedb::app
