// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bench's arguments: `--name N` pairs, each a whole number within bounds.

#include <initializer_list>

namespace nodedb::bench {

struct Argument {
  const char* name;  ///< with its hyphens
  int* value;        ///< holds the default until it is given
  int least = 1;
  int most = 65'536;
};

/// Puts what is given where it belongs; false if a name is not known, or a number is missing or out of
/// bounds.
bool take_arguments(int count, char** words, std::initializer_list<Argument> known);

}  // namespace nodedb::bench
