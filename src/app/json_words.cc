// SPDX-License-Identifier: Apache-2.0
#include "app/json_words.h"

namespace nodedb::app {

Json ids_json(std::span<const NodeId> ids) {
  Json list = Json::array();
  for (const NodeId id : ids) list.push(Json(id.value));
  return list;
}

Json position_json(const raft::Position& at) {
  return Json::object().set("index", at.index.value).set("term", at.term.value);
}

std::uint64_t count_in(const Json& value) {
  return static_cast<std::uint64_t>(value.number());
}

std::vector<NodeId> ids_in(const Json& list) {
  std::vector<NodeId> ids;
  for (const Json& one : list.items()) ids.push_back(NodeId(static_cast<std::uint32_t>(one.number())));
  return ids;
}

raft::Position position_in(const Json& value) {
  return {Index(count_in(value["index"])), Term(count_in(value["term"]))};
}

std::string ids_text(const Json& ids) {
  std::string text;
  for (const Json& id : ids.items()) text += (text.empty() ? "" : ",") + std::to_string(id.number());
  return text.empty() ? "-" : text;
}

}  // namespace nodedb::app
