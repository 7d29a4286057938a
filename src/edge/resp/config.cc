// SPDX-License-Identifier: Apache-2.0
// Handlers of CONFIG. The settings that tools and client libraries ask for, as this server in effect has
// them; none can be changed from a client, but asking for the value that is in force is granted.

#include <algorithm>
#include <vector>

#include "edge/resp/gateway.h"
#include "edge/resp/local.h"
#include "edge/resp/words.h"
#include "kv/glob.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

struct Setting {
  std::string_view name;
  std::string value;
};

/// Sorted by name.
std::vector<Setting> settings(const Gateway& gateway) {
  const Options& options = gateway.options();
  Endpoint endpoint;
  split_address(options.address, endpoint);
  return {
      {"appendfsync", "always"},
      {"appendonly", "yes"},
      {"bind", endpoint.host},
      {"cluster-enabled", "yes"},
      {"cluster-node-timeout", "15000"},
      {"databases", "1"},
      {"dbfilename", ""},
      {"dir", ""},
      {"hz", "10"},
      {"io-threads", "1"},
      {"lazyfree-lazy-user-del", "no"},
      {"lazyfree-lazy-user-flush", "no"},
      {"maxclients", std::to_string(options.connections_max)},
      {"maxmemory", "0"},
      {"maxmemory-policy", "noeviction"},
      {"maxmemory-samples", "5"},
      {"notify-keyspace-events", ""},
      {"port", std::to_string(gateway.process().port)},
      {"proto-max-bulk-len", std::to_string(limits::value_bytes_max)},
      {"requirepass", ""},
      {"save", ""},
      {"slowlog-log-slower-than", "-1"},
      {"slowlog-max-len", "0"},
      {"tcp-keepalive", "300"},
      {"timeout", "0"},
      {"tls-port", options.tls() ? std::to_string(gateway.process().port) : "0"},
  };
}

}  // namespace

Outcome run_config_get(Context& context, const kv::Argv& argv) {
  std::vector<Reply> items;
  for (const Setting& setting : settings(context.gateway)) {
    const bool asked = std::any_of(argv.begin() + 2, argv.end(), [&setting](BytesView pattern) {
      return kv::glob_matches(lower(pattern), setting.name);
    });
    if (!asked) continue;
    items.push_back(Reply::bulk(Bytes(setting.name)));
    items.push_back(Reply::bulk(setting.value));
  }
  return Reply::map(std::move(items));
}

Outcome run_config_set(Context& context, const kv::Argv& argv) {
  if (argv.size() % 2 != 0) return Reply::error(kv::wrong_arity_text("config|set"));
  const std::vector<Setting> known = settings(context.gateway);
  const auto failed = [](BytesView name, std::string_view reason) {
    return Reply::error("ERR CONFIG SET failed (possibly related to argument '" + Bytes(name) + "') - " +
                        Bytes(reason));
  };
  const Setting* refused = nullptr;
  std::vector<Bytes> named;
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    const Bytes name = lower(argv[i]);
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&name](const Setting& setting) { return setting.name == name; });
    if (found == known.end()) {
      return Reply::error("ERR Unknown option or number of arguments for CONFIG SET - '" +
                          Bytes(argv[i].substr(0, 128)) + "'");
    }
    if (std::find(named.begin(), named.end(), name) != named.end()) {
      return failed(name, "duplicate parameter");
    }
    named.push_back(name);
    if (found->value != argv[i + 1] && refused == nullptr) refused = &*found;
  }
  if (refused == nullptr) return Reply::ok();
  return failed(refused->name, "can't set immutable config");
}

Outcome run_config_resetstat(Context& context, const kv::Argv&) {
  context.gateway.counters() = {};
  context.gateway.command_stats() = {};
  return Reply::ok();
}

Outcome run_config_rewrite(Context&, const kv::Argv&) {
  return Reply::error("ERR The server is running without a config file");
}

}  // namespace nodedb::resp
