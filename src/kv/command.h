// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a command looks like from outside: its name, arity, flags and where its keys are, in the terms that
// Redis's COMMAND INFO prints. The table behind `find_command` holds the commands that run inside a vShard;
// those about the connection or the whole cluster have a table of their own at the edge, of the same type.
// Internal commands (kv/internal.h) are in neither, so no client can name one. Pure and immutable.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::kv {

/// A command's words, the name first. Views: whoever decoded or received the bytes keeps them alive.
using Argv = std::vector<BytesView>;

/// Bits of CommandSpec::flags, in the order in which Redis lists their names.
enum Flag : std::uint32_t {
  flag_write = 1u << 0,
  flag_readonly = 1u << 1,
  flag_denyoom = 1u << 2,
  flag_admin = 1u << 3,
  flag_pubsub = 1u << 4,
  flag_noscript = 1u << 5,
  flag_blocking = 1u << 6,
  flag_loading = 1u << 7,
  flag_stale = 1u << 8,
  flag_skip_monitor = 1u << 9,
  flag_asking = 1u << 10,
  flag_fast = 1u << 11,
  flag_no_auth = 1u << 12,
  flag_no_multi = 1u << 13,
  flag_movablekeys = 1u << 14,
  flag_allow_busy = 1u << 15,
};

struct CommandSpec {
  std::string_view name;      ///< lower case
  int arity = 0;              ///< words with the name; negative: at least that many
  std::uint32_t flags = 0;    ///< of Flag
  int first_key = 0;          ///< place of the first key in argv; 0: the command has none
  int last_key = 0;           ///< place of the last; negative: counted from the end, -1 is the last word
  int key_step = 0;           ///< from one key to the next
  std::string_view category;  ///< the ACL category beside @read/@write and @fast/@slow, as "@string"

  bool is(Flag flag) const { return (flags & flag) != 0; }
  bool writes() const { return is(flag_write); }
};

/// The data command of that name, in any case; nullptr if there is none.
const CommandSpec* find_command(BytesView name);
/// Every data command that a client may name, sorted by name.
std::span<const CommandSpec> all_commands();

/// Redis's names of the flags, and the ACL categories with their '@', as COMMAND INFO prints them.
std::vector<std::string_view> flag_names(const CommandSpec& spec);
std::vector<std::string_view> acl_categories(const CommandSpec& spec);

/// Whether `words` (the name included) fits the arity.
bool arity_fits(const CommandSpec& spec, std::size_t words);
/// Places of the keys among `words` words: [first, end) by step; empty when too few to have any.
struct KeyPlaces {
  std::size_t first = 0;
  std::size_t end = 0;
  std::size_t step = 1;
};
KeyPlaces key_places(const CommandSpec& spec, std::size_t words);
/// The keys of `argv` as `spec` places them; none when argv is too short to have any.
std::vector<BytesView> keys_of(const CommandSpec& spec, const Argv& argv);
/// As above, for a data command. Errors: malformed, with Redis's own text (unknown command, arity).
Result<std::vector<BytesView>> keys_of(const Argv& argv);

/// Everything Redis refuses before it looks at data: name, arity, options, numbers, sizes. Run by the gateway
/// so that a write which cannot succeed never enters the log; the executors parse with the same functions, so
/// an entry that was not checked earns the same answer. Errors: malformed or too_large; the detail is the
/// whole error line for the client ("ERR syntax error").
Result<void> check(const Argv& argv);

/// Redis's wording for both of the usual complaints, code included.
Bytes unknown_command_text(const Argv& argv);
Bytes wrong_arity_text(std::string_view name);

}  // namespace nodedb::kv
