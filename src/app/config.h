// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator may decide about a node. One table of options drives the file (TOML), the environment
// (NODEDB_ and the name in capitals) and the flags (-- and the name with hyphens); later ones in this order
// override. Every value arrives as text with its origin, so that a complaint can say where it came from.
// Pure; the files and variables are read elsewhere (app/config_sources.h).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/memory_budget.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/time.h"

namespace nodedb::app {

struct Config {
  std::string data;                     ///< directory, made if missing
  std::string certs;                    ///< directory with ca.crt, node.crt, node.key
  std::string listen;                   ///< host:port of the QUIC socket
  std::string advertise;                ///< what peers dial; empty: as `listen`
  std::string client;                   ///< host:port of the Redis port; empty: none
  std::string advertise_client;         ///< what clients are told in MOVED; empty: as `client`
  std::string http = "127.0.0.1:7080";  ///< host:port of the HTTP port; empty: none
  std::string name;                     ///< for people
  std::string zone;                     ///< region/zone/rack, the widest first
  std::uint64_t capacity = 100;         ///< how much it is to hold beside others
  std::string join;    ///< TOKEN@HOST:PORT[,HOST:PORT…]: become a node of that cluster first
  std::string ca_key;  ///< file with the CA's key, on nodes that sign for newcomers and renewals; empty: none
  std::vector<std::string> seeds;
  std::string password_file;
  bool tls_client = false;
  std::string redirect = "auto";  ///< auto, always, never: when MOVED is answered

  std::uint64_t replication_factor = 3;
  std::int64_t election_timeout_ns = 1 * ns_per_s;
  std::int64_t pulse_ns = 200 * ns_per_ms;
  double clock_drift_max = 0.1;
  bool lease_reads = true;
  std::string swim_profile = "lan";  ///< local, lan, wan: how patient it is before a node seems dead
  std::int64_t rebalance_after_ns = 5 * ns_per_s;

  std::uint64_t memory_budget = 0;       ///< of the process; 0: a quarter of the machine's memory
  std::uint64_t log_bytes_per_node = 0;  ///< 0: as the budget gives; so below
  std::uint64_t snapshot_bytes_per_second = limits::snapshot_bytes_per_second;
  std::uint64_t log_bytes_per_group = limits::log_bytes_per_group;
  std::uint64_t log_bytes_for_move = 0;
  std::int64_t write_delay_max_ns = 250 * ns_per_ms;
  std::uint64_t client_connections_max = 10'000;
  std::int64_t request_timeout_ns = 10 * ns_per_s;
  std::int64_t queue_time_ns = 500 * ns_per_ms;
  std::int64_t drain_timeout_ns = 10 * ns_per_s;
  std::string scheduling = "batch";  ///< batch, normal: how the kernel treats its threads

  std::string log_level = "info";     ///< debug, info, warn, error
  std::string log_format = "logfmt";  ///< logfmt, json
  std::string trace;                  ///< file; empty: no trace

  /// How the memory is divided. Pre: `memory_budget` is known.
  MemoryBudget memory() const;
  /// Every complaint at once; empty if all is well. Pre: as above.
  std::vector<std::string> validate() const;
};

// How an option's text becomes a field.
struct AsText {
  std::string Config::*field;
};
struct AsTextList {
  std::vector<std::string> Config::*field;
};
struct AsFlag {
  bool Config::*field;
};
struct AsFraction {
  double Config::*field;
};
struct AsNumber {
  std::uint64_t Config::*field;
};
struct AsDuration {
  std::int64_t Config::*field;
};
struct AsSize {
  std::uint64_t Config::*field;
};
/// One of the words of `words`, which are separated by blanks.
struct AsChoice {
  std::string Config::*field;
  std::string_view words;
};

struct OptionSpec {
  std::string_view name;  ///< as in the file: lower case, underscores
  std::variant<AsText, AsTextList, AsFlag, AsFraction, AsNumber, AsDuration, AsSize, AsChoice> kind;
  std::string_view help;
};
std::span<const OptionSpec> option_specs();

struct Setting {
  std::string name;
  std::vector<std::string> values;  ///< one, unless the option is a list
  std::string origin;               ///< "node.toml line 3", "NODEDB_PULSE", "--pulse"
};

struct Configured {
  Config config;
  std::vector<std::string> complaints;  ///< about names and values; empty if all is well
};
/// Settings by rising precedence; a list is replaced as a whole. Does not validate the outcome.
Configured configure(std::span<const Setting> settings);

}  // namespace nodedb::app
