// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command language of tests/script/raft_*.txt: a few replicas of one group, moved by hand. Nothing
// happens by itself: time stands still, messages wait until they are delivered or dropped, and a disk is
// instant unless it is told to be slow. Each command answers with what it caused, one fact a line.
//
//   nodes 1 2 3 [learner 4] [blank 5]   boots them: voters, learners, and members of nothing
//   advance MS                          moves the clock; wakes nobody
//   wake N | campaign N | restart N | status
//   deliver [A>B …]                     all waiting messages, and those that they cause; or only those links
//   drop [A>B …]                        forgets waiting messages, of all links or of these
//   pulse A>B                           one pulse, delivered at once, and the echo where one is due
//   silent N P                          tells N that P gave no sign of life
//   propose N WORD…                     one entry for each word
//   read N CONTEXT | transfer N TO
//   config N [simple|joint|auto|leave|back] v4 l5 r1
//   force N TERM INDEX/TERM [LEARNER…]  the majority is lost: N goes on alone
//   slow N | fast N | persist N         its disk waits for `persist`, or does not
//   applied N                           makes what N applied durable, so that it may be compacted
//   compact N KEEP_BYTES
//   snapshot A>B [fail]                 ends the transfer that A asked for

#include <deque>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "raft/group.h"
#include "raft/invariants.h"

namespace nodedb::raft::script {

class World {
 public:
  /// What the command caused. A command that cannot be understood says so.
  std::string run(const std::string& command);

 private:
  struct Batch {
    Work work;
    Position last;
  };
  struct Node {
    std::unique_ptr<Group> group;
    std::unique_ptr<Liveness> live;
    std::uint64_t incarnation = 0;
    Restored disk;
    bool slow = false;
    std::deque<Batch> writing;
    Role role = Role::follower;
    Term term;
    NodeId leader;
    Index applied;
  };
  struct Waiting {
    std::uint32_t from;
    std::uint32_t to;
    Message message;
  };
  using Words = std::vector<std::string>;

  void boot_all(const Words& words);
  void boot(std::uint32_t id);
  void deliver(const Words& links);
  void drop(const Words& links);
  void pulse(std::uint32_t from, std::uint32_t to, bool echo);
  void config(std::uint32_t id, const Words& words);
  void force(std::uint32_t id, const Words& words);
  void snapshot(std::uint32_t from, std::uint32_t to, bool ok);
  void status();
  void node_command(const std::string& verb, std::uint32_t id, const Words& words);

  void drain(std::uint32_t id);
  void take(std::uint32_t id, Work work);
  void persist(std::uint32_t id);
  void report_role(std::uint32_t id);
  void send(std::uint32_t from, const std::vector<Envelope>& envelopes);
  template <class T>
  void report(std::uint32_t id, const Result<T>& result);
  void say(const std::string& line) { out_ << line << "\n"; }
  void say(std::uint32_t id, const std::string& line) { say(std::to_string(id) + ": " + line); }

  std::ostringstream out_;
  Options options_;
  Time now_{0};
  std::map<std::uint32_t, Node> nodes_;
  std::deque<Waiting> waiting_;
};

std::string text(const Message& message);
std::string text(const Config& config);

}  // namespace nodedb::raft::script
