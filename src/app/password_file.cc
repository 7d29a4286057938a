// SPDX-License-Identifier: Apache-2.0
#include "app/password_file.h"

#include "edge/tls/files.h"

namespace nodedb::app {

Result<std::string> read_password(const std::string& file) {
  auto password = tls::read_secret(file);
  if (!password) return password;
  while (!password->empty() && (password->back() == '\n' || password->back() == '\r')) password->pop_back();
  if (password->empty()) return fail(Code::malformed, file + " holds no password");
  return password;
}

}  // namespace nodedb::app
