// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <charconv>

#include "app/suggest.h"
#include "base/error.h"
#include "base/units.h"

namespace nodedb::app {

namespace {

constexpr OptionSpec specs[] = {
    {"data", AsText{&Config::data}, "directory of this node's data; made if missing"},
    {"certs", AsText{&Config::certs},
     "directory with ca.crt, node.crt and node.key (nodedb-cluster cert node)"},
    {"listen", AsText{&Config::listen}, "host:port of the node's QUIC socket (UDP)"},
    {"advertise", AsText{&Config::advertise}, "host:port that peers dial; default: listen"},
    {"client", AsText{&Config::client}, "host:port of the Redis port (TCP); default: none"},
    {"advertise_client", AsText{&Config::advertise_client}, "host:port that clients dial; default: client"},
    {"http", AsText{&Config::http},
     "IP:port of the HTTP port (metrics, health; read-only, asks for no password); default: 127.0.0.1:7080, "
     "empty: none"},
    {"name", AsText{&Config::name}, "the node's name, for people; default: none"},
    {"zone", AsText{&Config::zone},
     "where it is, the widest first, as region/zone/rack: replicas of a vShard are kept apart"},
    {"capacity", AsNumber{&Config::capacity},
     "how much it is to hold beside others; an ordinary node has 100"},
    {"join", AsText{&Config::join},
     "TOKEN@HOST:PORT[,HOST:PORT...]: join that cluster (token create); once joined it is not looked at"},
    {"ca_key", AsText{&Config::ca_key},
     "file with the CA's key (0600): this node signs certificates of newcomers and renewals"},
    {"seeds", AsTextList{&Config::seeds}, "every founder's QUIC address, the same list on each of them"},
    {"password_file", AsText{&Config::password_file}, "file with the Redis port's password"},
    {"tls_client", AsFlag{&Config::tls_client}, "TLS on the Redis port"},
    {"redirect", AsChoice{&Config::redirect, "auto always never"}, "when MOVED is answered"},
    {"replication_factor", AsNumber{&Config::replication_factor}, "replicas of each vShard; used by init"},
    {"election_timeout", AsDuration{&Config::election_timeout_ns},
     "silence after which a leader is replaced; the same on every node"},
    {"pulse", AsDuration{&Config::pulse_ns}, "interval of the pulses between two nodes"},
    {"clock_drift_max", AsFraction{&Config::clock_drift_max}, "how far apart two clocks may run, 0 to 0.5"},
    {"lease_reads", AsFlag{&Config::lease_reads},
     "leaders serve reads without a round while their lease holds"},
    {"swim_profile", AsChoice{&Config::swim_profile, "local lan wan"},
     "how patient a node is before another one seems dead to it"},
    {"rebalance_after", AsDuration{&Config::rebalance_after_ns},
     "leaderships go back to the preferred node once it is healthy this long; 0: never"},
    {"memory_budget", AsSize{&Config::memory_budget},
     "what the node may hold in memory; default: a quarter of the machine's"},
    {"log_bytes_per_node", AsSize{&Config::log_bytes_per_node}, "log kept before it is compacted, in all"},
    {"snapshot_bytes_per_second", AsSize{&Config::snapshot_bytes_per_second},
     "what all snapshots that leave the node may take, per second"},
    {"log_bytes_per_group", AsSize{&Config::log_bytes_per_group}, "log kept for a slow follower, per group"},
    {"log_bytes_for_move", AsSize{&Config::log_bytes_for_move}, "log kept for a vShard that is being moved"},
    {"write_delay_max", AsDuration{&Config::write_delay_max_ns},
     "how long a write may be held back so that the copy of a moving vShard ends; 0: never"},
    {"client_connections_max", AsNumber{&Config::client_connections_max}, "connections on the Redis port"},
    {"request_timeout", AsDuration{&Config::request_timeout_ns}, "how long a client's request may wait"},
    {"queue_time", AsDuration{&Config::queue_time_ns},
     "once requests take longer than this for as long, further ones are refused as busy; 0: never"},
    {"scheduling", AsChoice{&Config::scheduling, "batch normal"},
     "batch: threads that wake do not interrupt those that run, which takes less CPU (SCHED_BATCH)"},
    {"drain_timeout", AsDuration{&Config::drain_timeout_ns},
     "how long SIGTERM waits for leaderships to move"},
    {"log_level", AsChoice{&Config::log_level, "debug info warn error"}, "what is logged"},
    {"log_format", AsChoice{&Config::log_format, "logfmt json"}, "how it is logged, on stderr"},
    {"trace", AsText{&Config::trace}, "file for the Raft trace, JSON lines; for debugging only"},
};

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
  return false;
}

/// Puts an option's text into its field; the answer is the complaint, empty if there is none.
struct Assign {
  Config& config;
  const std::vector<std::string>& values;

  const std::string& value() const { return values.front(); }

  template <class Field, class T>
  std::string take(Field field, Result<T> parsed) const {
    if (!parsed) return parsed.error().detail;
    config.*field = *parsed;
    return {};
  }

  std::string operator()(AsText kind) const {
    config.*kind.field = value();
    return {};
  }
  std::string operator()(AsTextList kind) const {
    config.*kind.field = values;
    return {};
  }
  std::string operator()(AsFlag kind) const {
    if (value() != "true" && value() != "false") return "'" + value() + "' is neither true nor false";
    config.*kind.field = value() == "true";
    return {};
  }
  std::string operator()(AsFraction kind) const {
    double number = 0;
    const char* const last = value().data() + value().size();
    const auto [end, problem] = std::from_chars(value().data(), last, number);
    if (problem != std::errc{} || end != last) return "'" + value() + "' is not a number like 0.1";
    config.*kind.field = number;
    return {};
  }
  std::string operator()(AsNumber kind) const { return take(kind.field, parse_number(value())); }
  std::string operator()(AsDuration kind) const { return take(kind.field, parse_duration(value())); }
  std::string operator()(AsSize kind) const { return take(kind.field, parse_size(value())); }
  std::string operator()(AsChoice kind) const {
    if (!has_word(kind.words, value())) return "'" + value() + "' is not one of: " + std::string(kind.words);
    config.*kind.field = value();
    return {};
  }
};

const OptionSpec* find_spec(std::string_view name) {
  for (const OptionSpec& spec : specs)
    if (spec.name == name) return &spec;
  return nullptr;
}

std::string unknown(const Setting& setting) {
  std::vector<std::string_view> names;
  for (const OptionSpec& spec : specs) names.push_back(spec.name);
  std::string complaint = setting.origin + ": unknown option '" + setting.name.substr(0, 64) + "'";
  const std::string_view near = closest(setting.name, names);
  return near.empty() ? complaint : complaint + "; did you mean '" + std::string(near) + "'?";
}

void complain_about_address(std::vector<std::string>& complaints, std::string_view option,
                            const std::string& address, bool dialled) {
  const auto parsed = parse_host_port(address);
  if (!parsed)
    complaints.push_back(std::string(option) + ": " + parsed.error().detail);
  else if (dialled && parsed->port == 0)
    complaints.push_back(std::string(option) + ": '" + address + "' needs a port that others can dial");
}

}  // namespace

std::span<const OptionSpec> option_specs() {
  return specs;
}

Configured configure(std::span<const Setting> settings) {
  Configured made;
  for (const Setting& setting : settings) {
    const OptionSpec* const spec = find_spec(setting.name);
    if (!spec) {
      made.complaints.push_back(unknown(setting));
      continue;
    }
    const bool list = std::holds_alternative<AsTextList>(spec->kind);
    if (!list && setting.values.size() != 1) {
      made.complaints.push_back(setting.origin + ": " + setting.name + " takes one value");
      continue;
    }
    const std::string complaint = std::visit(Assign{made.config, setting.values}, spec->kind);
    if (!complaint.empty())
      made.complaints.push_back(setting.origin + ": " + setting.name + ": " + complaint);
  }
  return made;
}

MemoryBudget Config::memory() const {
  MemoryBudget budget(memory_budget);
  if (log_bytes_per_node != 0) budget.set(Consumer::log, log_bytes_per_node);
  if (log_bytes_for_move != 0) budget.set(Consumer::moves, log_bytes_for_move);
  return budget;
}

std::vector<std::string> Config::validate() const {
  const MemoryBudget budget = memory();
  std::vector<std::string> complaints = budget.validate();
  const auto want = [&](bool fine, const char* complaint) {
    if (!fine) complaints.emplace_back(complaint);
  };
  want(!data.empty(), "data: say where this node keeps its data, as in --data DIR");
  want(!certs.empty() || !join.empty(),
       "certs: say where this node's certificate is, as in --certs DIR (see cert node)");
  if (listen.empty())
    complaints.emplace_back("listen: say where this node listens, as in --listen 10.0.0.1:7000");
  else
    complain_about_address(complaints, "listen", listen, advertise.empty());
  if (!advertise.empty()) complain_about_address(complaints, "advertise", advertise, true);
  if (!client.empty()) complain_about_address(complaints, "client", client, advertise_client.empty());
  if (!http.empty()) complain_about_address(complaints, "http", http, false);
  if (!advertise_client.empty())
    complain_about_address(complaints, "advertise_client", advertise_client, true);
  for (const std::string& seed : seeds) complain_about_address(complaints, "seeds", seed, true);
  want(seeds.size() <= limits::nodes_max, "seeds: there are more than a cluster may have nodes (64)");

  want(replication_factor % 2 == 1 && replication_factor <= 7, "replication_factor: must be 1, 3, 5 or 7");
  want(pulse_ns >= 5 * ns_per_ms && pulse_ns <= 10 * ns_per_s, "pulse: must be from 5ms to 10s");
  want(election_timeout_ns >= 4 * pulse_ns, "election_timeout: must be at least 4 pulses");
  want(election_timeout_ns <= 60 * ns_per_s, "election_timeout: must be at most 60s");
  want(clock_drift_max >= 0 && clock_drift_max <= 0.5, "clock_drift_max: must be from 0 to 0.5");
  want(log_bytes_per_node == 0 || log_bytes_per_node >= 1024 * 1024,
       "log_bytes_per_node: must be at least 1MiB");
  want(snapshot_bytes_per_second >= 64 * 1024, "snapshot_bytes_per_second: must be at least 64KiB");
  want(log_bytes_per_group >= 64 * 1024, "log_bytes_per_group: must be at least 64KiB");
  want(budget.of(Consumer::moves) >= log_bytes_per_group,
       "log_bytes_for_move: must be at least log_bytes_per_group");
  want(write_delay_max_ns >= 0 && write_delay_max_ns <= 1 * ns_per_s, "write_delay_max: must be at most 1s");
  want(client_connections_max >= 1 && client_connections_max <= 1'000'000,
       "client_connections_max: must be from 1 to 1000000");
  want(request_timeout_ns >= 10 * ns_per_ms, "request_timeout: must be at least 10ms");
  want(queue_time_ns == 0 || (queue_time_ns >= 10 * ns_per_ms && queue_time_ns / 2 >= write_delay_max_ns),
       "queue_time: must be 0, or at least 10ms and twice write_delay_max");
  return complaints;
}

}  // namespace nodedb::app
