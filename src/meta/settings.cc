// SPDX-License-Identifier: Apache-2.0
#include "meta/settings.h"

#include <algorithm>
#include <array>

#include "base/time.h"
#include "base/units.h"
namespace nodedb::meta {

namespace {

constexpr std::int64_t minute_ns = 60 * ns_per_s;
constexpr std::int64_t hour_ns = 60 * minute_ns;
constexpr std::int64_t day_ns = 24 * hour_ns;

// In the order in which they are listed.
constexpr std::array infos{
    SettingInfo{
        "repair.after", SettingType::duration, &Settings::repair_after_ns, ns_per_s, 7 * day_ns,
        "A node that has not been heard for so long is taken for lost, and its replicas are made anew "
        "on other nodes. Shorter repairs sooner; longer copies nothing for a machine that restarts."},
    SettingInfo{
        "rebalance.mode", SettingType::mode, &Settings::rebalance_mode, 0, 2,
        "`auto` moves replicas and leaderships until they are evenly spread, `advise` only shows what "
        "it would do (`rebalance plan`), `off` plans nothing. Repair and decommission go on in all."},
    SettingInfo{
        "rebalance.paused", SettingType::flag, &Settings::rebalance_paused, 0, 1,
        "`on` starts no new move of any kind, repair and decommission included; moves under way end."},
    SettingInfo{
        "rebalance.moves_at_once", SettingType::number, &Settings::rebalance_moves_at_once, 1, 16,
        "How many moves the planner has under way at once. More end sooner and take more of the disks "
        "and the network from clients."},
    SettingInfo{"rebalance.load_tolerance", SettingType::percent, &Settings::rebalance_load_tolerance_percent,
                1, 100,
                "How far a node's load may be from the mean before a replica is moved because of it."},
    SettingInfo{"migration.pause_budget", SettingType::duration, &Settings::migration_pause_budget_ns,
                ns_per_ms, minute_ns,
                "How long a move may keep the writers of its vShard waiting; a move that is expected to take "
                "longer is refused. `migration start --pause-budget` says it for one move."},
    SettingInfo{"token.ttl", SettingType::duration, &Settings::token_ttl_ns, minute_ns, 30 * day_ns,
                "How long a join token may be used; `token create --ttl` says it for one token."},
    SettingInfo{
        "certificate.lifetime", SettingType::duration, &Settings::certificate_lifetime_ns, hour_ns,
        3650 * day_ns,
        "How long a node's certificate is valid that the cluster signs. It is renewed after two thirds "
        "of it."},
    SettingInfo{
        "trace.slow_after", SettingType::duration, &Settings::trace_slow_after_ns, 0, hour_ns,
        "A request that takes so long is slow: it is counted, and told in the log with what it waited for, a "
        "few a second. `0`: none is."},
};

constexpr std::array<std::string_view, 3> modes{"off", "advise", "auto"};
constexpr std::array<std::string_view, 2> flags{"off", "on"};

Result<std::int64_t> chosen(std::string_view text, std::span<const std::string_view> words) {
  const auto at = std::ranges::find(words, text);
  if (at != words.end()) return at - words.begin();
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return fail(Code::malformed, "it can be one of: " + all);
}

Result<std::int64_t> narrowed(const Result<std::uint64_t>& read) {
  if (!read) return std::unexpected(read.error());
  return static_cast<std::int64_t>(std::min<std::uint64_t>(*read, INT64_MAX));
}

Result<std::int64_t> read_value(SettingType type, std::string_view text) {
  switch (type) {
    case SettingType::duration:
      return parse_duration(text);
    case SettingType::bytes:
      return narrowed(parse_size(text));
    case SettingType::number:
    case SettingType::percent:
      return narrowed(parse_number(text));
    case SettingType::flag:
      return chosen(text, flags);
    case SettingType::mode:
      return chosen(text, modes);
  }
  return fail(Code::malformed, "it is of no known type");
}

}  // namespace

std::string_view name(SettingType type) {
  switch (type) {
    case SettingType::duration:
      return "duration";
    case SettingType::bytes:
      return "bytes";
    case SettingType::number:
      return "number";
    case SettingType::percent:
      return "percent";
    case SettingType::flag:
      return "flag";
    case SettingType::mode:
      return "mode";
  }
  return "?";
}

std::span<const SettingInfo> setting_infos() {
  return infos;
}

const SettingInfo* find_setting(std::string_view name) {
  const auto at = std::ranges::find(infos, name, &SettingInfo::name);
  return at == infos.end() ? nullptr : &*at;
}

Result<std::int64_t> parse_setting(const SettingInfo& info, std::string_view text) {
  const auto value = read_value(info.type, text);
  if (!value) {
    return fail(value.error().code, std::string(info.name) + " is a " + std::string(name(info.type)) + ": " +
                                        value.error().detail);
  }
  if (*value >= info.min && *value <= info.max) return *value;
  return fail(Code::too_large, std::string(info.name) + " is from " + setting_text(info, info.min) + " to " +
                                   setting_text(info, info.max));
}

std::string setting_text(const SettingInfo& info, std::int64_t value) {
  switch (info.type) {
    case SettingType::duration:
      return duration_text(value);
    case SettingType::bytes:
      return size_text(static_cast<std::uint64_t>(value));
    case SettingType::number:
    case SettingType::percent:
      return std::to_string(value);
    case SettingType::flag:
      return std::string(flags.at(static_cast<std::size_t>(value)));
    case SettingType::mode:
      return std::string(modes.at(static_cast<std::size_t>(value)));
  }
  return {};
}

Settings settings_in(const std::map<std::string, std::string>& rows) {
  Settings settings;
  for (const SettingInfo& info : infos) {
    const auto row = rows.find(std::string(info.name));
    if (row == rows.end()) continue;
    if (const auto value = parse_setting(info, row->second)) settings.*info.value = *value;
  }
  return settings;
}

}  // namespace nodedb::meta
