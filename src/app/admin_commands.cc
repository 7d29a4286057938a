// SPDX-License-Identifier: Apache-2.0
#include "app/admin_commands.h"

#include "app/admin_rows.h"
#include "app/output.h"
#include "meta/settings.h"

namespace nodedb::app {

namespace {

constexpr node::StatusWish admin_wish{.admin = true};

Exit administer(const Operator& from, const meta::MetaEntry& entry, Output output, const std::string& text) {
  const auto done = ask(from, AskAdminister{entry});
  if (!done) return complain(done.error());
  return show(*done, output, text);
}

}  // namespace

Exit run_settings_list(const Operator& from, Output output) {
  const auto status = ask(from, AskStatus{admin_wish});
  if (!status) return complain(status.error());
  const Json& settings = (*status)["settings"];
  return show(settings, output, settings_table(settings));
}

Exit run_settings_get(const Operator& from, const std::string& name, Output output) {
  const auto status = ask(from, AskStatus{admin_wish});
  if (!status) return complain(status.error());
  for (const Json& one : (*status)["settings"].items())
    if (one["name"].text() == name) return show(one, output, one["value"].text() + "\n");
  return complain(
      {Code::not_found, "there is no setting '" + name + "': nodedb-cluster settings ls shows all"});
}

Exit run_settings_set(const Operator& from, const std::string& name, const std::string& value,
                      Output output) {
  return administer(from, meta::SettingChange{name, value}, output,
                    name + (value.empty() ? " is at its default again\n" : " is " + value + "\n"));
}

Exit run_audit_list(const Operator& from, std::uint64_t last, Output output) {
  const auto status = ask(from, AskStatus{admin_wish});
  if (!status) return complain(status.error());
  const auto& lines = (*status)["audit"].items();
  const std::size_t first = last == 0 || last >= lines.size() ? 0 : lines.size() - last;
  Json kept = Json::array();
  for (std::size_t i = first; i < lines.size(); ++i) kept.push(lines[i]);
  return show(kept, output, audit_table(kept));
}

std::string settings_page() {
  std::string page =
      "# Cluster settings\n\nMade from `src/meta/settings.cc`; a test compares. They are held in the "
      "metadata "
      "group and are in force on every\nnode as soon as it has applied the change.\n\n"
      "    nodedb-cluster settings ls\n    nodedb-cluster settings set NAME VALUE\n"
      "    nodedb-cluster settings reset NAME\n\n| setting | type | default | range | what it does |\n"
      "|---|---|---|---|---|\n";
  for (const meta::SettingInfo& info : meta::setting_infos()) {
    page += "| `" + std::string(info.name) + "` | " + std::string(meta::name(info.type)) + " | " +
            meta::setting_text(info, meta::Settings().*info.value) + " | " +
            meta::setting_text(info, info.min) + " to " + meta::setting_text(info, info.max) + " | " +
            std::string(info.what) + " |\n";
  }
  return page;
}

}  // namespace nodedb::app
