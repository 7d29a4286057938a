// SPDX-License-Identifier: Apache-2.0
#include "app/config_sources.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#define TOML_EXCEPTIONS 0
// Some malformed texts meet an assertion before the check that reports them: go on to that check.
#define TOML_ASSERT(expression) static_cast<void>(expression)
#include <toml++/toml.h>

namespace nodedb::app {

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;

std::string at_line(std::string_view origin, std::size_t line) {
  return std::string(origin) + " line " + std::to_string(line);
}

/// The text of a scalar; nothing if the node is none (or a date, which no option wants).
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* string = node.as_string()) return string->get();
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
  if (const auto* real = node.as_floating_point()) {
    std::ostringstream text;
    text << real->get();
    return text.str();
  }
  return std::nullopt;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (end != 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

bool is_list(std::string_view name) {
  for (const OptionSpec& spec : option_specs())
    if (spec.name == name) return std::holds_alternative<AsTextList>(spec.kind);
  return false;
}

}  // namespace

Result<std::vector<Setting>> settings_of_toml(BytesView text, std::string_view origin) {
  if (text.size() > file_bytes_max) return fail(Code::too_large, std::string(origin) + ": larger than 1 MiB");
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& problem = parsed.error();
    return fail(Code::malformed,
                at_line(origin, problem.source().begin.line) + ": " + std::string(problem.description()));
  }
  std::vector<Setting> settings;
  for (const auto& [key, node] : parsed.table()) {
    Setting setting{std::string(key.str()), {}, at_line(origin, node.source().begin.line)};
    const auto refuse = [&](const char* what) {
      return fail(Code::malformed, setting.origin + ": " + setting.name.substr(0, 64) + " " + what);
    };
    if (node.is_table()) return refuse("is a table; options stand at the top level");
    if (const auto* items = node.as_array()) {
      for (const toml::node& item : *items) {
        auto value = scalar_text(item);
        if (!value) return refuse("has an item that is no plain value");
        setting.values.push_back(std::move(*value));
      }
    } else if (auto value = scalar_text(node)) {
      setting.values.push_back(std::move(*value));
    } else {
      return refuse("is no plain value");
    }
    settings.push_back(std::move(setting));
  }
  return settings;
}

Result<std::vector<Setting>> settings_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Code::not_found, "cannot read the configuration file " + path);
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return settings_of_toml(text, path);
}

std::vector<Setting> settings_of_environment(const char* const* environment) {
  constexpr std::string_view prefix = "NODEDB_";
  constexpr std::array<std::string_view, 4> not_ours = {"CONFIG", "NODE", "OUTPUT", "CONFORMANCE"};
  std::vector<Setting> settings;
  for (; *environment; ++environment) {
    const std::string_view line = *environment;
    const std::size_t equals = line.find('=');
    if (!line.starts_with(prefix) || equals == std::string_view::npos) continue;
    const std::string_view variable = line.substr(0, equals);
    const std::string_view capitals = variable.substr(prefix.size());
    if (capitals.starts_with("TEST_")) continue;
    if (std::find(not_ours.begin(), not_ours.end(), capitals) != not_ours.end()) continue;
    std::string name;
    for (const char c : capitals) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const std::string value(line.substr(equals + 1));
    const bool list = is_list(name);
    settings.push_back(
        {std::move(name), list ? split(value, ',') : std::vector{value}, std::string(variable)});
  }
  return settings;
}

}  // namespace nodedb::app
