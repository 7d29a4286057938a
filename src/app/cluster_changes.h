// SPDX-License-Identifier: Apache-2.0
#pragma once

// What happens in a cluster, line by line: what its records tell of the past, and what differs between two
// looks at all nodes. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "app/cluster_picture.h"

namespace nodedb::app {

struct Happening {
  std::int64_t wall_ms = 0;
  std::string kind;  ///< audit, member, leaders, migration, halted, quarantined, certificate
  std::string text;
};

/// The audit log and the moves that have ended, the oldest first. Of the status of a node that was asked with
/// `admin` and `history`.
std::vector<Happening> past_of(const Json& status);
/// From one look to the next one. `wall_ms`: of the second.
std::vector<Happening> changes_between(const ClusterPicture& before, const ClusterPicture& after,
                                       std::int64_t wall_ms);

std::string happening_text(const Happening& happening);
Json happening_json(const Happening& happening);

}  // namespace nodedb::app
