// SPDX-License-Identifier: Apache-2.0
#include "meta/administer.h"

#include "meta/rows.h"
#include "meta/settings.h"

namespace nodedb::meta {

Step set(Draft& draft, const SettingChange& entry) {
  const SettingInfo* info = find_setting(entry.name);
  if (info == nullptr) {
    return refuse(Code::not_found,
                  "there is no setting '" + entry.name + "': nodedb-cluster settings ls shows all");
  }
  const Bytes key = setting_key(info->name);
  if (entry.value.empty()) {
    draft.erase(key);
    return {};
  }
  const auto value = parse_setting(*info, entry.value);
  if (!value) return std::unexpected(Refusal{value.error()});
  draft.put(key, Setting{std::string(info->name), setting_text(*info, *value)});
  return {};
}

}  // namespace nodedb::meta
