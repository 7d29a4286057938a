// SPDX-License-Identifier: Apache-2.0
#pragma once

// The cluster's settings: typed, with unit, range and default, held in group 0 and in force on every node as
// soon as it has applied the change. `setting_infos` is the one table of them: the command line, the checks
// and docs/settings.md are made from it. A setting that was never changed has no row.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace nodedb::meta {

enum class SettingType : std::uint8_t {
  duration,  ///< ns; written `90s`, `5m`, `24h`
  bytes,     ///< written `32MiB`
  number,    ///< no unit
  percent,   ///< written `10`
  flag,      ///< `on` or `off`
  mode,      ///< a RebalanceMode
};
std::string_view name(SettingType type);

/// What the planner's steps are for: nothing, to be read, or to be done.
enum class RebalanceMode : std::uint8_t { off, advise, automatic };

/// The values in force. Times in ns.
struct Settings {
  std::int64_t repair_after_ns = 300'000'000'000;
  std::int64_t rebalance_mode = static_cast<std::int64_t>(RebalanceMode::automatic);
  std::int64_t rebalance_paused = 0;
  std::int64_t rebalance_moves_at_once = 8;
  std::int64_t rebalance_load_tolerance_percent = 10;
  std::int64_t migration_pause_budget_ns = 500'000'000;
  std::int64_t token_ttl_ns = 3'600'000'000'000;
  std::int64_t certificate_lifetime_ns = 90 * 24 * 3'600'000'000'000;
  std::int64_t trace_slow_after_ns = 500'000'000;
  bool operator==(const Settings&) const = default;

  RebalanceMode mode() const { return static_cast<RebalanceMode>(rebalance_mode); }
};

struct SettingInfo {
  std::string_view name;
  SettingType type;
  std::int64_t Settings::*value;
  std::int64_t min;  ///< both allowed; in the unit of `type`
  std::int64_t max;
  std::string_view what;  ///< a sentence for docs/settings.md and `settings ls`
};
std::span<const SettingInfo> setting_infos();
/// Null if there is none of that name.
const SettingInfo* find_setting(std::string_view name);

/// Errors: malformed (no such form), too_large (out of range), with the range in the detail.
Result<std::int64_t> parse_setting(const SettingInfo& info, std::string_view text);
/// The text that `parse_setting` reads back.
std::string setting_text(const SettingInfo& info, std::int64_t value);

/// What is in force with these rows, by name. A row that this build cannot read counts as not there: the
/// machine admits none, so it is of another version.
Settings settings_in(const std::map<std::string, std::string>& rows);

}  // namespace nodedb::meta
