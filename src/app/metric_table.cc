// SPDX-License-Identifier: Apache-2.0
// Every metric, in the order in which they are exported.
#include <algorithm>
#include <map>

#include "app/metrics.h"

namespace nodedb::app {

namespace {

using Figures = NodeFigures;
constexpr auto gauge = MetricKind::gauge;
constexpr auto counter = MetricKind::counter;

std::string text(NodeId id) {
  return std::to_string(id.value);
}

double seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1000.0;
}

template <class Read>
void each_member(const Figures& figures, Samples& out, Read read) {
  for (const node::MemberStatus& one : figures.status.members)
    if (one.member.state != meta::MemberState::retired) out.add({{"member", text(one.member.id)}}, read(one));
}

void members(const Figures& figures, Samples& out) {
  std::map<meta::MemberState, std::uint64_t> counts;
  for (const node::MemberStatus& one : figures.status.members) ++counts[one.member.state];
  for (int i = 0; i <= static_cast<int>(meta::last_member_state); ++i) {
    const auto state = static_cast<meta::MemberState>(i);
    out.add({{"state", std::string(meta::name(state))}}, counts[state]);
  }
}

void standings(const Figures& figures, Samples& out) {
  using swim::Standing;
  for (const node::MemberStatus& one : figures.status.members) {
    if (one.member.state == meta::MemberState::retired) continue;
    for (const Standing standing : {Standing::alive, Standing::suspect, Standing::dead, Standing::left})
      out.add({{"member", text(one.member.id)}, {"standing", std::string(swim::name(standing))}},
              one.standing == standing);
  }
}

void dropped(const Figures& figures, Samples& out) {
  out.add({{"reason", "full"}}, figures.around.net.dropped_full);
  out.add({{"reason", "unconnected"}}, figures.around.net.dropped_unconnected);
}

void last_heard(const Figures& figures, Samples& out) {
  each_member(figures, out, [](const node::MemberStatus& one) {
    return one.last_heard_ns_ago < 0 ? -1.0 : static_cast<double>(one.last_heard_ns_ago) / 1e9;
  });
}

void migrations(const Figures& figures, Samples& out) {
  std::map<meta::MigrationPhase, std::uint64_t> counts;
  for (const node::MigrationStatus& one : figures.status.migrations) ++counts[one.record.checkpoint.phase()];
  for (const meta::MigrationPhase phase : meta::migration_phases)
    out.add({{"phase", std::string(meta::name(phase))}}, counts[phase]);
}

/// Of all migrations under way; 0 if there is none.
template <class Read>
double greatest(const Figures& figures, Read read) {
  double most = 0;
  for (const node::MigrationStatus& one : figures.status.migrations)
    most = std::max(most, static_cast<double>(read(one)));
  return most;
}

void migration_age(const Figures& figures, Samples& out) {
  out.add(greatest(figures, [&](const node::MigrationStatus& one) {
    return seconds(figures.wall_ms - one.record.intent.first.started_at.wall_ns / ns_per_ms);
  }));
}

void step_age(const Figures& figures, Samples& out) {
  out.add(greatest(figures, [&](const node::MigrationStatus& one) {
    return seconds(figures.wall_ms - static_cast<std::int64_t>(one.record.checkpoint.ts_ms));
  }));
}

void migration_attempts(const Figures& figures, Samples& out) {
  out.add(greatest(figures, [](const node::MigrationStatus& one) { return one.record.checkpoint.attempt; }));
}

void migration_waits(const Figures& figures, Samples& out) {
  out.add(greatest(figures, [](const node::MigrationStatus& one) {
    return one.waits_for.empty() ? 0.0 : static_cast<double>(one.waits_ns) / 1e9;
  }));
}

void certificates(const Figures& figures, Samples& out) {
  for (const Json& one : figures.around.certificates.items())
    out.add({{"whose", one["whose"].text()}, {"sha256", one["sha256"].text().substr(0, 16)}},
            one["until_s"].number() - figures.wall_ms / 1000);
}

void certificate_life(const Figures& figures, Samples& out) {
  for (const Json& one : figures.around.certificates.items()) {
    const auto whole = static_cast<double>(one["until_s"].number() - one["from_s"].number());
    const auto left = static_cast<double>(one["until_s"].number() - figures.wall_ms / 1000);
    out.add({{"whose", one["whose"].text()}, {"sha256", one["sha256"].text().substr(0, 16)}},
            whole > 0 ? left / whole : 0);
  }
}

void requests(const Figures& figures, Samples& out) {
  out.add({{"result", "ok"}}, figures.requests.ok());
  for (int i = 0; i <= static_cast<int>(Code::over_budget); ++i) {
    const auto code = static_cast<Code>(i);
    const std::uint64_t count = figures.requests.of(code);
    if (count > 0 || code == Code::busy || code == Code::timeout)
      out.add({{"result", std::string(nodedb::name(code))}}, count);
  }
}

void memory(const Figures& figures, Samples& out, std::uint64_t MemoryRow::*what) {
  for (const MemoryRow& row : figures.around.memory.rows)
    out.add({{"consumer", std::string(row.consumer)}}, row.*what);
}

void hot(const Figures& figures, Samples& out, std::uint64_t wire::VShardLoad::*what) {
  for (const wire::VShardLoad& load : figures.status.hot)
    out.add({{"vshard", std::to_string(load.vshard.value)}}, load.*what);
}

/// A metric of one row.
template <auto Value>
void one(const Figures& figures, Samples& out) {
  out.add(Value(figures));
}

constexpr Metric table[] = {
    // the process
    {"nodedb_build_info", gauge, "`version`", "Always 1; the label says what runs.",
     [](const Figures& f, Samples& out) {
       out.add({{"version", std::string(f.version)}}, 1);
     }},
    {"nodedb_node_info", gauge, "`node`, `uuid`, `quic`, `redis`", "Always 1; the labels say who this is.",
     [](const Figures& f, Samples& out) {
       out.add({{"node", text(f.status.id)},
                {"uuid", f.status.uuid.text()},
                {"quic", f.status.address},
                {"redis", f.status.client_address}},
               1);
     }},
    {"nodedb_start_time_seconds", gauge, "", "When the process was started, since 1970.",
     one<[](const Figures& f) { return seconds(f.started_ms); }>},
    {"nodedb_incarnation", gauge, "", "Which life of the node this is: rises at each start.",
     one<[](const Figures& f) { return f.status.incarnation.value; }>},
    {"nodedb_cpu_seconds_total", counter, "", "CPU time of the process.",
     one<[](const Figures& f) { return f.cpu_seconds; }>},
    {"nodedb_draining", gauge, "", "1 while it hands its leaderships over to stop.",
     one<[](const Figures& f) { return f.status.draining; }>},
    {"nodedb_ill", gauge, "", "How slow the node seems to itself, 0 to 8.",
     one<[](const Figures& f) { return f.status.ill; }>},

    // the cluster, as this node knows it
    {"nodedb_formed", gauge, "", "1 once it belongs to a cluster.",
     one<[](const Figures& f) { return f.status.cluster.has_value(); }>},
    {"nodedb_members", gauge, "`state`: joining, active, draining, leaving, retired",
     "Members by what the metadata group says of them.", members},
    {"nodedb_member_standing", gauge, "`member`, `standing`: alive, suspect, dead, left",
     "1 for how the failure detector here has the member, 0 for the others.", standings},
    {"nodedb_member_connected", gauge, "`member`", "1 while there is a connection to it.",
     [](const Figures& f, Samples& out) {
       each_member(f, out, [](const auto& one) { return one.connected; });
     }},
    {"nodedb_member_last_heard_seconds", gauge, "`member`",
     "How long nothing has been heard of it; -1: nothing yet, in this life.", last_heard},
    {"nodedb_metadata_in_touch", gauge, "",
     "1 while this node hears the leader of the metadata group, or is it.",
     one<[](const Figures& f) { return f.status.in_touch; }>},
    {"nodedb_drives", gauge, "", "1 on the node that leads the metadata group and drives migrations.",
     one<[](const Figures& f) { return f.status.drives; }>},
    {"nodedb_metadata_quarantined_rows", gauge, "", "Rows of the metadata group that cannot be trusted.",
     one<[](const Figures& f) { return f.status.quarantined.size(); }>},

    // groups
    {"nodedb_replicas", gauge, "", "Replicas of vShards held here.",
     one<[](const Figures& f) { return f.status.replicas; }>},
    {"nodedb_groups_led", gauge, "", "Groups led by this node.",
     one<[](const Figures& f) { return f.status.groups_led; }>},
    {"nodedb_groups_without_leader", gauge, "",
     "Groups of the cluster that have no leader, as far as it knows.",
     one<[](const Figures& f) { return f.status.groups_without_leader; }>},
    {"nodedb_groups_halted", gauge, "", "Groups of which it applies nothing any more.",
     one<[](const Figures& f) { return f.status.halted.size(); }>},
    {"nodedb_replica_lag_entries", gauge, "`member`",
     "The most that a replica on that member is behind its leader, for groups led here.",
     [](const Figures& f, Samples& out) {
       each_member(f, out, [](const auto& one) { return one.lag_entries; });
     }},
    {"nodedb_hot_vshard_writes_per_second", gauge, "`vshard`",
     "Writes to the busiest vShards led here, the mean of a minute; 8 at most.",
     [](const Figures& f, Samples& out) { hot(f, out, &wire::VShardLoad::writes); }},
    {"nodedb_hot_vshard_reads_per_second", gauge, "`vshard`", "The same vShards' reads.",
     [](const Figures& f, Samples& out) { hot(f, out, &wire::VShardLoad::reads); }},

    // moves
    {"nodedb_migrations", gauge, "`phase`", "Migrations under way in the cluster, by checkpoint.",
     migrations},
    {"nodedb_migration_age_seconds_max", gauge, "", "Since the oldest one under way began; 0: there is none.",
     migration_age},
    {"nodedb_migration_step_age_seconds_max", gauge, "",
     "Since the checkpoint that is oldest of those under way: large when one is stuck.", step_age},
    {"nodedb_migration_attempts_max", gauge, "", "Attempts at the phase that was tried most often.",
     migration_attempts},
    {"nodedb_migration_waits_seconds_max", gauge, "",
     "For how long the one waits that waits longest; only on the node that drives.", migration_waits},
    {"nodedb_ghosts", gauge, "", "Ghost stubs that moved vShards have left.",
     one<[](const Figures& f) { return f.status.ghosts.size(); }>},
    {"nodedb_recoveries", gauge, "", "vShards that are being recovered from a lost majority.",
     one<[](const Figures& f) { return f.status.recoveries.size(); }>},
    {"nodedb_snapshots_sending", gauge, "", "Snapshots on their way from here.",
     one<[](const Figures& f) { return f.status.snapshots.sending; }>},
    {"nodedb_snapshots_receiving", gauge, "", "Snapshots on their way to here.",
     one<[](const Figures& f) { return f.status.snapshots.receiving; }>},
    {"nodedb_snapshots_sent_total", counter, "", "Snapshots that another node has installed.",
     one<[](const Figures& f) { return f.status.snapshots.sent; }>},
    {"nodedb_snapshots_installed_total", counter, "", "Snapshots installed here.",
     one<[](const Figures& f) { return f.status.snapshots.installed; }>},

    // storage
    {"nodedb_disk_full", gauge, "", "1 while writes wait for room on the disk.",
     one<[](const Figures& f) { return f.status.disk_full; }>},
    {"nodedb_disk_free_bytes", gauge, "", "Free on the data directory's file system; -1: not known.",
     one<[](const Figures& f) { return f.disk_free_bytes; }>},
    {"nodedb_log_bytes", gauge, "", "Log that all groups keep.",
     one<[](const Figures& f) { return f.status.log_bytes; }>},
    {"nodedb_log_syncs_total", counter, "", "Writes of the log, each one fsync for all groups.",
     one<[](const Figures& f) { return f.status.log_syncs; }>},

    // requests
    {"nodedb_requests_total", counter, "`result`: ok, or the error's code",
     "Clients' requests to vShards that were answered here.", requests},
    {"nodedb_slow_requests_total", counter, "",
     "Clients' requests that came in here and took as long as the setting `trace.slow_after` says, or "
     "longer.",
     one<[](const Figures& f) { return f.slow_requests; }>},
    {"nodedb_request_samples_total", counter, "",
     "Clients' requests of which the time to the answer was taken.",
     one<[](const Figures& f) { return f.answer_times.count; }>},
    {"nodedb_request_sample_seconds_total", counter, "", "Their time, all together.",
     one<[](const Figures& f) { return static_cast<double>(f.answer_times.us) / 1e6; }>},
    {"nodedb_requests_waiting", gauge, "", "Clients' requests under way.",
     one<[](const Figures& f) { return f.status.requests_waiting; }>},
    {"nodedb_requests_refused_total", counter, "", "Requests refused as busy by admission: had no effect.",
     one<[](const Figures& f) { return f.status.requests_refused; }>},
    {"nodedb_peer_pauses_total", counter, "",
     "How often other nodes had to wait because this one was behind.",
     one<[](const Figures& f) { return f.peer_pauses; }>},
    {"nodedb_client_connections", gauge, "", "Connections on the Redis port.",
     one<[](const Figures& f) { return f.clients.connections; }>},
    {"nodedb_client_connections_received_total", counter, "", "Connections that the Redis port has taken.",
     one<[](const Figures& f) { return f.clients.connections_received; }>},
    {"nodedb_client_connections_rejected_total", counter, "", "Connections turned away: too many.",
     one<[](const Figures& f) { return f.clients.connections_rejected; }>},
    {"nodedb_client_connections_evicted_total", counter, "",
     "Connections ended because they held most memory.",
     one<[](const Figures& f) { return f.clients.connections_evicted; }>},
    {"nodedb_client_commands_total", counter, "", "Redis commands.",
     one<[](const Figures& f) { return f.clients.commands; }>},
    {"nodedb_client_error_replies_total", counter, "", "Redis commands that were answered with an error.",
     one<[](const Figures& f) { return f.clients.error_replies; }>},

    // memory and network
    {"nodedb_memory_budget_bytes", gauge, "", "`memory_budget`.",
     one<[](const Figures& f) { return f.around.memory.budget_bytes; }>},
    {"nodedb_memory_resident_bytes", gauge, "", "Of the process, as the kernel counts.",
     one<[](const Figures& f) { return f.around.memory.resident_bytes; }>},
    {"nodedb_memory_used_bytes", gauge, "`consumer`: the shares of the budget", "What is used of each share.",
     [](const Figures& f, Samples& out) { memory(f, out, &MemoryRow::used_bytes); }},
    {"nodedb_memory_bound_bytes", gauge, "`consumer`", "What each share may be.",
     [](const Figures& f, Samples& out) { memory(f, out, &MemoryRow::bound_bytes); }},
    {"nodedb_network_sent_bytes_total", counter, "", "Sent over QUIC.",
     one<[](const Figures& f) { return f.around.net.bytes_sent; }>},
    {"nodedb_network_received_bytes_total", counter, "", "Received over QUIC.",
     one<[](const Figures& f) { return f.around.net.bytes_received; }>},
    {"nodedb_network_sent_datagrams_total", counter, "", "Datagrams sent.",
     one<[](const Figures& f) { return f.around.net.datagrams_sent; }>},
    {"nodedb_network_received_datagrams_total", counter, "", "Datagrams received.",
     one<[](const Figures& f) { return f.around.net.datagrams_received; }>},
    {"nodedb_network_dropped_messages_total", counter, "`reason`: full, unconnected",
     "Messages to other nodes that were not sent: the queue was full, or there was no connection.", dropped},
    {"nodedb_certificate_life_left_ratio", gauge, "`whose`, `sha256`",
     "The part of its life that is left; renewed at a third, late below a sixth.", certificate_life},
    {"nodedb_certificate_remaining_seconds", gauge, "`whose`: node, authority; `sha256`: its beginning",
     "Until the certificate ends; negative: it has.", certificates},
};

}  // namespace

std::span<const Metric> metric_table() {
  return table;
}

}  // namespace nodedb::app
