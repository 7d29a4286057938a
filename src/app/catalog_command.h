// SPDX-License-Identifier: Apache-2.0
#pragma once

// `nodedb-cluster catalog dump`: what a stopped node knows of the cluster. Changes nothing.

#include <string>

#include "app/catalog.h"
#include "app/exit_code.h"
#include "app/json.h"
#include "app/output.h"

namespace nodedb::app {

/// With `version`. The rows are those of a running node's status (app/meta_json.h); no secrets. `wall_ms`:
/// now, to see which tokens have expired.
Json catalog_json(const Catalog& catalog, std::uint64_t wall_ms);
/// The same in words; made of `catalog_json`.
std::string catalog_text(const Json& catalog);

/// Exit: ok; storage if something is damaged (rows that cannot be trusted are named, the others shown);
/// locked while the node runs; not_initialised if it has never been a member.
Exit run_catalog_dump(const std::string& data, Output output);

}  // namespace nodedb::app
