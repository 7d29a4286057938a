// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/key_flags.h"

#include <algorithm>
#include <array>

#include "kv/numbers.h"

namespace nodedb::resp {

namespace {

using Flags = std::vector<std::string_view>;

template <std::size_t n>
bool among(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Nothing of the value is shown, only that it is there, or a fact about it.
constexpr std::array<std::string_view, 6> no_access{"exists", "object", "strlen", "touch", "type", "watch"};
constexpr std::array<std::string_view, 7> swaps{"decr", "decrby",      "getex", "getset",
                                                "incr", "incrbyfloat", "incrby"};
constexpr std::array<std::string_view, 4> overwrites{"mset", "psetex", "set", "setex"};
constexpr std::array<std::string_view, 2> only_inserts{"msetnx", "setnx"};

bool set_with_get(const kv::Argv& argv) {
  return std::any_of(argv.begin() + std::min<std::ptrdiff_t>(3, std::ssize(argv)), argv.end(),
                     [](BytesView word) { return kv::same_word(word, "GET"); });
}

}  // namespace

Flags key_flags(const kv::CommandSpec& spec, const kv::Argv& argv, std::size_t place) {
  const std::string_view name = spec.name;
  if (name == "del" || name == "unlink") return {"RM", "delete"};
  if (name == "getdel") return {"RW", "access", "delete"};
  if (name == "append") return {"RW", "insert"};
  if (name == "copy") return place == 0 ? Flags{"RO", "access"} : Flags{"OW", "update"};
  if (name == "rename" || name == "renamenx") {
    if (place == 0) return {"RW", "access", "delete"};
    return {"OW", name == "rename" ? "update" : "insert"};
  }
  if (among(swaps, name) || (name == "set" && set_with_get(argv))) return {"RW", "access", "update"};
  if (among(overwrites, name)) return {"OW", "update"};
  if (among(only_inserts, name)) return {"OW", "insert"};
  if (spec.writes()) return {"RW", "update"};
  return among(no_access, name) ? Flags{"RO"} : Flags{"RO", "access"};
}

}  // namespace nodedb::resp
