// SPDX-License-Identifier: Apache-2.0
#pragma once

// The cluster's authority and what it signs, as `nodedb-cluster cert` makes them: no node speaks to another
// one without a certificate of the same authority. Blocking; any thread. Nothing is ever overwritten.
//
// Errors: conflict (a file is there already), forbidden, disk_full, disk_failed, malformed.

#include <string>
#include <vector>

#include "base/error.h"

namespace nodedb {

/// DIRECTORY/ca.key and ca.crt, for a new cluster. Keep the key: it lets anybody in.
Result<void> create_authority(const std::string& directory);
/// OUT/node.key, node.crt and ca.crt, for a new node. `hosts`: the names and addresses by which it is
/// reached, for other people's tools.
Result<void> issue_node(const std::string& authority, const std::string& out,
                        const std::vector<std::string>& hosts = {});
/// OUT/client.key, client.crt and ca.crt, for who runs the operator's commands under that name.
Result<void> issue_operator(const std::string& authority, const std::string& out, const std::string& name);

}  // namespace nodedb
