// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster cert ca | node | client | show`.

#include <cstdint>
#include <string>
#include <vector>

#include "app/exit_code.h"

namespace nodedb::app {

struct CertCaArguments {
  std::string directory;
  std::string cluster;  ///< empty: a new UUID
};
Exit run_cert_ca(const CertCaArguments& arguments);

struct CertNodeArguments {
  std::string ca_directory;
  std::string out_directory;
  std::string node;  ///< empty: a new UUID
  std::vector<std::string> hosts;
  std::int64_t days = 3650;
};
Exit run_cert_node(const CertNodeArguments& arguments);

struct CertClientArguments {
  std::string ca_directory;
  std::string out_directory;
  std::string name;
  std::string role = "operator";  ///< operator, client
  std::int64_t days = 365;
};
Exit run_cert_client(const CertClientArguments& arguments);

Exit run_cert_show(const std::string& file);

}  // namespace nodedb::app
