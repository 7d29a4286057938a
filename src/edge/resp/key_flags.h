// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a command does with each of its keys, in the words of Redis's key specifications ("RW", "access",
// "delete", …): COMMAND GETKEYSANDFLAGS prints them. Pure.

#include <cstddef>
#include <string_view>
#include <vector>

#include "kv/command.h"

namespace nodedb::resp {

/// Of the key at `place` among the command's keys, the first being 0. `argv` is the whole command: SET with
/// GET also reads.
std::vector<std::string_view> key_flags(const kv::CommandSpec& spec, const kv::Argv& argv, std::size_t place);

}  // namespace nodedb::resp
