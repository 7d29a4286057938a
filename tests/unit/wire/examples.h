// SPDX-License-Identifier: Apache-2.0
#pragma once

// One example of everything that has bytes, the same in each run. The golden files hold their exact bytes,
// the fuzzers start from them.

#include <string>
#include <vector>

#include "meta/entries.h"
#include "wire/command_codec.h"
#include "wire/frame.h"
#include "wire/identity_codec.h"
#include "wire/join_codec.h"
#include "wire/messages.h"

namespace nodedb::examples {

meta::Genesis genesis();
wire::Identity identity();
raft::Config config();
/// All kinds.
std::vector<raft::Entry> entries();
/// Every alternative at least once, every alternative of what they carry too.
std::vector<wire::PeerMessage> peer_messages();
std::vector<wire::MoveOrder> move_orders();
/// All kinds.
std::vector<swim::Message> swim_messages();
std::vector<meta::MetaEntry> meta_entries();
JoinToken join_token();
wire::JoinRequest join_request();
/// A grant and a refusal.
std::vector<wire::JoinAnswer> join_answers();

struct Example {
  std::string name;    ///< of the golden file
  std::string fuzzer;  ///< whose corpus it belongs to; empty if nobody's
  Bytes bytes;
  Bytes seed;  ///< its form in the corpus
};
std::vector<Example> all();

}  // namespace nodedb::examples
