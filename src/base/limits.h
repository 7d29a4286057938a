// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every cap on what input can grow, in one place (rule C7). Those on memory are ceilings: a node's memory
// budget may give less (app/memory_budget.h). A full queue answers `busy`; an oversized
// value answers `too_large`. Changing one changes behaviour under load, never the meaning of data.

#include <cstddef>
#include <cstdint>

namespace nodedb::limits {

inline constexpr std::size_t key_bytes_max = 64 * 1024;
inline constexpr std::size_t value_bytes_max = 16 * 1024 * 1024;
/// One request as a whole: all of its arguments.
inline constexpr std::size_t request_bytes_max = 32 * 1024 * 1024;
/// Arguments of one command, or of all commands of one transaction together.
inline constexpr std::size_t arguments_max = 1024 * 1024;

/// One reply: its bytes, the elements of the whole tree, and how deep arrays nest.
inline constexpr std::size_t reply_bytes_max = 32 * 1024 * 1024;
inline constexpr std::size_t reply_items_max = 2 * arguments_max;
inline constexpr std::size_t reply_depth_max = 8;

/// Rows and bytes of keys that one page of a scan looks at, a glob pattern (matching may cost key × pattern),
/// keys that one purge entry drops, and the table of one LCS.
inline constexpr std::size_t scan_rows_max = 16 * 1024;
inline constexpr std::size_t scan_bytes_max = 1024 * 1024;
inline constexpr std::size_t glob_bytes_max = 4 * 1024;
inline constexpr std::size_t purge_keys_max = 128;
inline constexpr std::size_t lcs_table_bytes_max = 64 * 1024 * 1024;

/// Frames between nodes: before the peer's certificate is checked, and after.
inline constexpr std::size_t frame_bytes_max_unauthenticated = 4 * 1024;
inline constexpr std::size_t frame_bytes_max = 64 * 1024 * 1024;
/// Messages in one bundle, host:port as text.
inline constexpr std::size_t bundle_messages_max = 64 * 1024;
inline constexpr std::size_t address_bytes_max = 512;
/// Replies to forwarded requests of this size and more go by themselves, behind all others.
inline constexpr std::size_t large_reply_bytes = 16 * 1024;
inline constexpr std::size_t operator_request_bytes_max = 1024 * 1024;
inline constexpr std::size_t operator_requests_max = 64;
/// QUIC connections, all of them and those whose handshake is not done; above the last, newcomers must prove
/// their address first.
inline constexpr std::size_t connections_max = 512;
inline constexpr std::size_t handshakes_max = 256;
inline constexpr std::size_t handshakes_before_retry = 64;
/// What may wait for one peer on the log's stream, and half of that on each other; what comes beyond is
/// dropped (Raft and gateways ask again).
inline constexpr std::size_t send_queue_bytes_max = 64 * 1024 * 1024;
/// And for all peers together, about.
inline constexpr std::size_t send_queues_bytes_max = 512 * 1024 * 1024;

/// Raft, per group. What is on its way to one follower is what its disk may get at once: the other groups
/// there wait for that long when one follower has much to catch up on.
inline constexpr std::size_t append_entries_max = 256;
inline constexpr std::size_t append_bytes_max = 1024 * 1024;
inline constexpr std::size_t inflight_appends_max = 64;
inline constexpr std::size_t inflight_entries_max = 1024;
inline constexpr std::size_t inflight_bytes_max = 2 * 1024 * 1024;
inline constexpr std::size_t uncommitted_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t pending_reads_max = 64 * 1024;
inline constexpr std::size_t config_members_max = 64;

/// Log kept in memory and on disk: per group before compaction is asked for, and for the whole node.
inline constexpr std::size_t log_bytes_per_group = 4 * 1024 * 1024;
inline constexpr std::size_t log_entries_per_group = 16 * 1024;
/// Kept for the target of a migration while its snapshot travels, beyond the cap of a group.
inline constexpr std::size_t log_bytes_for_move = 256 * 1024 * 1024;
inline constexpr std::size_t log_bytes_per_node = 256 * 1024 * 1024;

/// Client requests that a node holds at once, as gateway.
inline constexpr std::size_t requests_max = 64 * 1024;
inline constexpr std::size_t requests_bytes_max = 256 * 1024 * 1024;
/// What waits in front of the core, clients' and peers'; and answers of reads on their way to clients.
inline constexpr std::size_t inbox_bytes_max = 128 * 1024 * 1024;
inline constexpr std::size_t answers_bytes_max = 256 * 1024 * 1024;

/// The Redis port: connections; what one connection's requests and unread answers may hold before reading
/// pauses; those of all connections, above which the largest is dropped; unread answers at which a connection
/// is dropped; half-read requests of all connections; and what one command that is spread over vShards may
/// gather.
inline constexpr std::size_t clients_max = 10'000;
inline constexpr std::size_t client_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t clients_bytes_max = 512 * 1024 * 1024;
inline constexpr std::size_t client_output_bytes_max = 320 * 1024 * 1024;
inline constexpr std::size_t clients_input_bytes_max = 512 * 1024 * 1024;
inline constexpr std::size_t gathered_bytes_max = 128 * 1024 * 1024;

inline constexpr std::size_t snapshot_chunk_bytes = 256 * 1024;
inline constexpr std::size_t snapshot_bytes_per_second = 24 * 1024 * 1024;
inline constexpr std::size_t snapshots_sending_max = 8;
inline constexpr std::size_t snapshots_receiving_max = 8;

inline constexpr std::size_t nodes_max = 64;
/// Members that a cluster may have had, the retired ones included: their ids and UUIDs are remembered for
/// ever.
inline constexpr std::size_t members_ever_max = 4096;
/// A node's name and its zone.
inline constexpr std::size_t name_bytes_max = 256;
/// Join tokens that are remembered, lines of the audit log, and the text of one.
inline constexpr std::size_t tokens_max = 1024;
inline constexpr std::size_t audit_lines_max = 4096;
inline constexpr std::size_t audit_text_bytes_max = 2048;
/// SWIM: members that it can watch, pings under way for others, and what one of its messages may take in a
/// datagram: QUIC's smallest packet holds the largest, a few rumours fit into the smallest.
inline constexpr std::size_t swim_members_max = 256;
inline constexpr std::size_t swim_errands_max = 1024;
inline constexpr std::size_t swim_datagram_bytes = 1024;
inline constexpr std::size_t swim_datagram_bytes_min = 128;
/// Entries of group 0 that are decided as one.
inline constexpr std::size_t meta_batch_max = 1024;
/// Ended migrations that are remembered, and why one was aborted.
inline constexpr std::size_t migration_history_max = 1000;
inline constexpr std::size_t migration_reason_bytes_max = 1024;
/// Groups, or replicas, in one report to the leader of group 0.
inline constexpr std::size_t move_reports_max = 4096;
/// Migrations that run at once, in the cluster and on one node as source or target; others wait their turn.
inline constexpr std::size_t migrations_at_once = 16;
inline constexpr std::size_t migrations_per_node = 4;

}  // namespace nodedb::limits
