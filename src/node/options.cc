// SPDX-License-Identifier: Apache-2.0
#include "node/options.h"

namespace nodedb::node {

std::vector<std::string> Options::validate() const {
  std::vector<std::string> complaints;
  if (uuid.is_nil() || cluster.is_nil())
    complaints.emplace_back("the node's certificate names no node or no cluster");
  if (address.empty()) complaints.emplace_back("no address to listen on for peers");
  if (replication_factor < 1 || replication_factor > 7 || replication_factor % 2 == 0) {
    complaints.emplace_back("the replication factor must be 1, 3, 5 or 7");
  }
  if (raft.election_timeout_ns < 4 * pulse_ns) {
    complaints.emplace_back("the election timeout must be at least four pulses");
  }
  if (pulse_ns < ns_per_ms) complaints.emplace_back("pulses closer than 1ms");
  if (raft.clock_drift_max < 0 || raft.clock_drift_max > 0.5) {
    complaints.emplace_back("the clock drift bound must be within 0 and 0.5");
  }
  if (name.size() > limits::name_bytes_max || zone.size() > limits::name_bytes_max)
    complaints.emplace_back("the node's name and its zone may have 256 bytes each");
  if (capacity < 1 || capacity > 10'000) complaints.emplace_back("the capacity must be within 1 and 10000");
  if (write_delay_max_ns < 0 || write_delay_max_ns > 1 * ns_per_s)
    complaints.emplace_back("writes may be held back for 1s at most");
  if (admission.queue_time_ns != 0 && admission.queue_time_ns / 2 < write_delay_max_ns)
    complaints.emplace_back("the queue time must be at least twice as long as writes may be held back");
  if (log_bytes_max < log_bytes_per_node)
    complaints.emplace_back("log_bytes_max must be at least log_bytes_per_node");
  if (vshards_placed < 1 || vshards_placed > vshard_count)
    complaints.emplace_back("vshards_placed out of range");
  for (const std::string& complaint : swim.validate()) complaints.push_back("swim: " + complaint);
  return complaints;
}

}  // namespace nodedb::node
