// SPDX-License-Identifier: Apache-2.0
#include "app/admin_rows.h"

#include "app/output.h"
#include "app/table.h"

namespace nodedb::app {

std::string settings_table(const Json& settings) {
  Table table({"SETTING", "VALUE", "DEFAULT", "RANGE"});
  for (const Json& one : settings.items()) {
    table.add({one["name"].text(), one["value"].text(), one["changed"].boolean() ? one["default"].text() : "",
               one["min"].text() + " to " + one["max"].text()});
  }
  return table.text();
}

std::string tokens_table(const Json& tokens) {
  Table table({"TOKEN", "STATE", "FOR", "EXPIRES", "ISSUER", "USED BY"});
  for (const Json& one : tokens.items()) {
    const std::string name = one["node_name"].text();
    table.add({one["id"].text(), one["state"].text(), name.empty() ? "any" : name,
               time_text(one["expires_ms"].number()), one["issuer"].text(), one["holder"].text()});
  }
  return table.text();
}

std::string audit_table(const Json& lines) {
  Table table({"TIME", "ACTOR", "WHAT"});
  for (const Json& line : lines.items())
    table.add({time_text(line["ts_ms"].number()), line["actor"].text(), line["what"].text()});
  return table.text();
}

}  // namespace nodedb::app
