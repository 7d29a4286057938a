// SPDX-License-Identifier: Apache-2.0
#include "swim/options.h"

namespace nodedb::swim {

Options Options::of(Profile profile) {
  Options options;
  switch (profile) {
    case Profile::local:
      options.ack_wait_ns = 200 * ns_per_ms;
      options.period_ns = 500 * ns_per_ms;
      options.gossip_ns = 100 * ns_per_ms;
      options.sync_ns = 15 * ns_per_s;
      options.suspicion_factor = 3;
      break;
    case Profile::lan:
      break;
    case Profile::wan:
      options.ack_wait_ns = 3 * ns_per_s;
      options.period_ns = 5 * ns_per_s;
      options.gossip_ns = 500 * ns_per_ms;
      options.gossip_fanout = 4;
      options.sync_ns = 60 * ns_per_s;
      options.suspicion_factor = 6;
      break;
  }
  return options;
}

std::vector<std::string> Options::validate() const {
  std::vector<std::string> complaints;
  if (ack_wait_ns < ns_per_ms) complaints.emplace_back("an answer must be given at least 1ms");
  if (period_ns <= ack_wait_ns) complaints.emplace_back("the period must be longer than the wait for an ack");
  if (gossip_ns < ns_per_ms) complaints.emplace_back("gossip closer than 1ms");
  if (gossip_fanout == 0 || gossip_factor == 0) complaints.emplace_back("gossip must go to somebody");
  if (sync_ns < period_ns) complaints.emplace_back("exchanges of all that is known closer than a period");
  if (!(suspicion_factor >= 1)) complaints.emplace_back("a suspicion must last one period at least");
  if (!(suspicion_stretch >= 1)) complaints.emplace_back("the longest suspicion must not be the shortest");
  if (datagram_bytes < limits::swim_datagram_bytes_min || datagram_bytes > limits::swim_datagram_bytes)
    complaints.emplace_back("the datagram's budget is out of range");
  return complaints;
}

}  // namespace nodedb::swim
