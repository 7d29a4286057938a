// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of group 0 as JSON: the shapes that a running node's status and `catalog dump` have in common. Secrets
// are not among them. Members may be added to a shape, never renamed. Pure.

#include <span>
#include <string>

#include "app/json.h"
#include "meta/migration.h"
#include "meta/recovery.h"
#include "meta/settings.h"
#include "meta/trust.h"
#include "meta/types.h"

namespace nodedb::app {

Json cluster_json(const meta::Cluster& cluster);
Json member_json(const meta::Member& member);
Json migration_json(const meta::Migration& record);
Json history_json(const meta::MigrationHistory& ended);
Json ghost_json(const meta::GhostStub& ghost);
Json recovery_json(const meta::Recovery& recovery);
/// All of them; `changed` names those that are not at their defaults.
Json settings_json(const meta::Settings& settings, std::span<const std::string> changed);
/// Without its secret, or what can be compared with it. `wall_ms`: now, to see whether it has expired.
Json token_json(const meta::Token& token, std::uint64_t wall_ms);
Json audit_json(const meta::AuditLine& line);
/// `{"authorities":[{"sha256":…,"state":…}…],"members":[{"node":…,"issuer":…,"staged":…}…]}`.
Json rotation_json(std::span<const meta::Authority> authorities, std::span<const meta::MemberTrust> trusts);

}  // namespace nodedb::app
