// SPDX-License-Identifier: Apache-2.0
#include "app/output.h"

#include <iostream>

namespace nodedb::app {

void print(std::string_view text) {
  std::cout << text << std::flush;
}

Exit complain(const Error& error) {
  std::cerr << "nodedb-cluster: " << error.detail << " (" << name(error.code) << ")\n";
  return exit_of(error.code);
}

}  // namespace nodedb::app
