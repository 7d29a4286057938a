// SPDX-License-Identifier: Apache-2.0
#include "app/output.h"

#include <ctime>
#include <iostream>

namespace nodedb::app {

std::string time_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

void print(std::string_view text) {
  std::cout << text << std::flush;
}

Exit show(const Json& body, Output output, const std::string& text) {
  print(output == Output::json ? body.dump() + "\n" : text);
  return Exit::ok;
}

Exit complain(const Error& error) {
  std::cerr << "nodedb-cluster: " << error.detail << " (" << name(error.code) << ")\n";
  return exit_of(error.code);
}

}  // namespace nodedb::app
