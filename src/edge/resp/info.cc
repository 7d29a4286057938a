// SPDX-License-Identifier: Apache-2.0
// Handler of INFO. The keyspace section asks every vShard; the others are known here.

#include <algorithm>
#include <vector>

#include "edge/resp/gateway.h"
#include "edge/resp/local.h"
#include "edge/resp/scatter.h"
#include "edge/resp/words.h"
#include "kv/internal.h"

namespace nodedb::resp {

namespace {

using kv::Reply;

class Text {
 public:
  void section(std::string_view name) {
    if (!text_.empty()) text_ += "\r\n";
    text_.append("# ").append(name).append("\r\n");
  }
  void line(std::string_view key, std::string_view value) {
    text_.append(key).append(":").append(value).append("\r\n");
  }
  void line(std::string_view key, std::uint64_t value) { line(key, std::to_string(value)); }
  Bytes& bytes() { return text_; }

 private:
  Bytes text_;
};

std::string human(std::size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2fM", static_cast<double>(bytes) / (1024.0 * 1024.0));
  return text;
}

void server_section(Text& text, const Context& context) {
  const ProcessFacts process = context.gateway.process();
  const auto uptime_s =
      static_cast<std::uint64_t>(std::max<std::int64_t>((context.now.mono - process.started) / ns_per_s, 0));
  text.section("Server");
  text.line("redis_version", "7.0.15");
  text.line("nodedb_cluster_version", context.gateway.options().version);
  text.line("redis_mode", "cluster");
  text.line("arch_bits", 8 * sizeof(void*));
  text.line("process_id", static_cast<std::uint64_t>(process.pid));
  text.line("tcp_port", process.port);
  text.line("server_time_usec", static_cast<std::uint64_t>(context.now.wall.ns / ns_per_us));
  text.line("uptime_in_seconds", uptime_s);
  text.line("uptime_in_days", uptime_s / 86'400);
  text.line("hz", std::uint64_t{10});
}

void clients_section(Text& text, const Context& context) {
  text.section("Clients");
  text.line("connected_clients", context.gateway.sessions().size());
  text.line("maxclients", context.gateway.options().connections_max);
  text.line("blocked_clients", std::uint64_t{0});
}

void memory_section(Text& text, const Context& context) {
  const std::size_t resident = context.gateway.process().resident_bytes;
  text.section("Memory");
  text.line("used_memory", resident);
  text.line("used_memory_human", human(resident));
  text.line("used_memory_rss", resident);
  text.line("mem_clients_normal", context.gateway.held_bytes());
  text.line("maxmemory", std::uint64_t{0});
  text.line("maxmemory_policy", "noeviction");
  text.line("mem_allocator", "libc");
  const MemoryTable table = context.gateway.memory_table();
  text.line("memory_budget", table.budget_bytes);
  for (const MemoryRow& row : table.rows) {
    text.line("memory_" + std::string(row.consumer),
              "used=" + std::to_string(row.used_bytes) + ",bound=" + std::to_string(row.bound_bytes));
  }
}

void persistence_section(Text& text) {
  // Every acknowledged write is on the disks of a majority: in Redis's terms, an AOF that is always synced.
  text.section("Persistence");
  text.line("loading", std::uint64_t{0});
  text.line("rdb_bgsave_in_progress", std::uint64_t{0});
  text.line("aof_enabled", std::uint64_t{1});
  text.line("aof_rewrite_in_progress", std::uint64_t{0});
}

void stats_section(Text& text, const Context& context) {
  const Counters& counters = context.gateway.counters();
  text.section("Stats");
  text.line("total_connections_received", counters.connections_received);
  text.line("total_commands_processed", counters.commands_processed);
  text.line("rejected_connections", counters.connections_rejected);
  text.line("evicted_clients", counters.connections_evicted);
  text.line("total_net_input_bytes", counters.input_bytes);
  text.line("total_net_output_bytes", counters.output_bytes);
  text.line("total_error_replies", counters.error_replies);
  text.line("vshard_calls", counters.calls);
  text.line("vshard_calls_failed", counters.calls_failed);
  text.line("vshard_calls_open", context.gateway.open_calls());
}

void replication_section(Text& text, const Context& context) {
  const std::uint32_t factor = context.gateway.topology().replication_factor();
  text.section("Replication");
  text.line("role", "master");
  text.line("connected_slaves", std::uint64_t{0});
  text.line("replicas_per_vshard", factor);
  text.line("master_repl_offset", std::uint64_t{0});
}

void cluster_section(Text& text, const Context& context) {
  text.section("Cluster");
  text.line("cluster_enabled", std::uint64_t{1});
  text.line("cluster_formed", std::uint64_t{context.gateway.topology().formed() ? 1u : 0u});
  text.line("cluster_known_nodes", context.gateway.topology().members());
}

void command_section(Text& text, const Context& context) {
  // How long they took is not measured here.
  text.section("Commandstats");
  for (const auto& [name, count] : context.gateway.command_stats().commands()) {
    text.line("cmdstat_" + std::string(name),
              "calls=" + std::to_string(count.calls) + ",usec=0,usec_per_call=0.00,rejected_calls=" +
                  std::to_string(count.rejected) + ",failed_calls=" + std::to_string(count.failed));
  }
}

void error_section(Text& text, const Context& context) {
  text.section("Errorstats");
  for (const auto& [code, count] : context.gateway.command_stats().errors()) {
    text.line("errorstat_" + code, "count=" + std::to_string(count));
  }
}

/// The text is ready but for the number of keys. A vShard that does not answer must not keep an operator from
/// the rest: the count is then of the others.
class InfoJob final : public Job {
 public:
  InfoJob(Bytes text, std::int64_t timeout_ns) : text_(std::move(text)), timeout_ns_(timeout_ns) {}

  Order::Claim claim() const override { return {.vshards = {}, .mode = Order::Mode::read, .wide = true}; }
  std::size_t held_bytes() const override { return text_.size(); }
  Calls start() override { return calls_to_all(kv::dbsize_query(), false, timeout_ns_); }
  Calls answered(std::size_t, Reply reply) override {
    if (reply.kind == Reply::Kind::integer) {
      keys_ += reply.number;
    } else {
      ++silent_;
    }
    return {};
  }
  Reply result() override {
    if (!text_.empty()) text_ += "\r\n";
    text_ += "# Keyspace\r\n";
    if (keys_ != 0) text_ += "db0:keys=" + std::to_string(keys_) + ",expires=0,avg_ttl=0\r\n";
    if (silent_ != 0) text_ += "vshards_without_answer:" + std::to_string(silent_) + "\r\n";
    return Reply::verbatim(std::move(text_));
  }

 private:
  Bytes text_;
  std::int64_t timeout_ns_ = 0;
  std::int64_t keys_ = 0;
  std::uint64_t silent_ = 0;
};

constexpr std::int64_t keyspace_patience_ns = ns_per_s;

}  // namespace

Outcome run_info(Context& context, const kv::Argv& argv) {
  std::vector<Bytes> asked;
  for (std::size_t i = 1; i < argv.size(); ++i) asked.push_back(lower(argv[i]));
  const auto named = [&asked](std::string_view section) {
    return std::any_of(asked.begin(), asked.end(), [section](const Bytes& name) {
      return name == section || name == "all" || name == "everything";
    });
  };
  const auto wanted = [&asked, &named](std::string_view section) {
    return asked.empty() || named(section) || std::find(asked.begin(), asked.end(), "default") != asked.end();
  };
  Text text;
  if (wanted("server")) server_section(text, context);
  if (wanted("clients")) clients_section(text, context);
  if (wanted("memory")) memory_section(text, context);
  if (wanted("persistence")) persistence_section(text);
  if (wanted("stats")) stats_section(text, context);
  if (wanted("replication")) replication_section(text, context);
  if (named("commandstats")) command_section(text, context);
  if (wanted("errorstats")) error_section(text, context);
  if (wanted("cluster")) cluster_section(text, context);
  if (!wanted("keyspace") || context.inside_exec) return Reply::verbatim(std::move(text.bytes()));
  return std::make_unique<InfoJob>(std::move(text.bytes()),
                                   std::min(keyspace_patience_ns, context.gateway.options().call_timeout_ns));
}

}  // namespace nodedb::resp
