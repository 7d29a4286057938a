// SPDX-License-Identifier: Apache-2.0
#include "app/debug_commands.h"

#include "app/json_file.h"
#include "app/shard_reasons.h"
#include "edge/base/clock.h"

namespace nodedb::app {

Exit run_debug_why(const Operator& from, std::int64_t vshard, Output output) {
  const auto known = vshard_of(vshard);
  if (!known) return complain(known.error());
  const auto answers = ask_everybody(from, shard_wish(*known));
  if (!answers) return complain(answers.error());
  if ((*answers->front().status)["cluster"].is_null()) return complain(not_formed(from).error());
  const ShardPicture picture = picture_of_shard(*answers, *known);
  show(shard_picture_json(picture, *known), output, shard_picture_text(picture, *known));
  return picture.serves ? Exit::ok : Exit::retry;
}

Exit run_debug_dump(const Operator& from, const std::string& file, Output output) {
  const auto answers = ask_everybody(from, {.groups = true, .history = true, .admin = true, .plan = true});
  if (!answers) return complain(answers.error());
  const std::int64_t wall_ms = edge::wall_time().ns / ns_per_ms;
  Json nodes = Json::array();
  std::size_t silent = 0;
  for (const NodeAnswer& answer : *answers) {
    if (!answer.status) {
      ++silent;
      nodes.push(answer.silence_json());
      continue;
    }
    Json node = Json::object();
    node.set("address", answer.address).set("status", *answer.status);
    nodes.push(std::move(node));
  }
  Json body = Json::object();
  body.set("format", "nodedb-cluster debug 1")
      .set("version", NODEDB_VERSION)
      .set("ts_ms", wall_ms)
      .set("nodes", std::move(nodes));
  const std::string path = file.empty() ? "nodedb-debug-" + time_text(wall_ms) + ".json" : file;
  if (const auto written = write_json(path, body); !written) return complain(written.error());
  Json told = Json::object();
  told.set("file", path).set("nodes", answers->size()).set("silent", silent);
  return show(told, output,
              path + ": what " + std::to_string(answers->size() - silent) + " of " +
                  std::to_string(answers->size()) +
                  " nodes say; it has addresses and names, no keys, passwords, tokens or users' data\n");
}

}  // namespace nodedb::app
