// SPDX-License-Identifier: Apache-2.0
#include "nodedb/cluster/credentials.h"

#include "app/random.h"
#include "edge/tls/certificates.h"

namespace nodedb {

Result<void> create_authority(const std::string& directory) {
  return tls::create_ca(directory, app::random_uuid());
}

Result<void> issue_node(const std::string& authority, const std::string& out,
                        const std::vector<std::string>& hosts) {
  tls::NodeRequest request;
  request.node = app::random_uuid();
  request.hosts = hosts;
  return tls::issue_node(authority, out, request);
}

Result<void> issue_operator(const std::string& authority, const std::string& out, const std::string& name) {
  tls::ClientRequest request;
  request.name = name;
  return tls::issue_client(authority, out, request);
}

}  // namespace nodedb
