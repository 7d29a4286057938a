// SPDX-License-Identifier: Apache-2.0
#pragma once

// A broken invariant aborts, in release builds too: going on would risk data. For states that only a bug
// of ours can cause; bytes from disk, network or users are validated with Result instead.

#include <string_view>

namespace nodedb {

[[noreturn]] void check_failed(const char* file, int line, const char* what, std::string_view detail = {});

}  // namespace nodedb

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) ::nodedb::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

/// As CHECK, with a rule of DESIGN.md section 8 or a fact that helps whoever reads the abort.
#define CHECK_MSG(condition, detail)                                                    \
  do {                                                                                  \
    if (!(condition)) ::nodedb::check_failed(__FILE__, __LINE__, #condition, (detail)); \
  } while (false)
