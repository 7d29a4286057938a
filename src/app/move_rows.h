// SPDX-License-Identifier: Apache-2.0
#pragma once

// Migrations, ghosts and history as people read them, from the rows of a status (app/status_json.h). Pure.

#include <cstdint>
#include <string>

#include "app/json.h"
#include "base/error.h"

namespace nodedb::app {

/// `12 s`, `4 min`, `3 h`.
std::string age_text(std::int64_t ms);
/// `640 B`, `12 KiB`, `3.4 MiB`.
std::string bytes_text(std::int64_t bytes);
/// What of a snapshot has been copied, and of how much.
std::string copied_text(const Json& migration);
/// "aborting" goes before the phase.
std::string phase_text(const Json& migration);

std::string migrations_table(const Json& migrations);
std::string history_table(const Json& history);
std::string ghosts_table(const Json& ghosts);
/// All there is about one migration, a line each; of one under way or ended.
std::string migration_text(const Json& migration);

/// The row whose id is, or begins with, `id`: at least 4 characters. Of `migrations` first, then of
/// `history`. Errors: not_found, malformed (too short, or several begin so).
Result<Json> find_migration(const Json& status, const std::string& id);
bool has_ended(const Json& migration);

}  // namespace nodedb::app
