// SPDX-License-Identifier: Apache-2.0
// A lock service with fencing tokens on a cluster of three nodes. A lock alone protects nothing: its holder
// may sleep through the end of its time and write all the same. What it guards has to look at the token,
// which rises with each grant, and refuse an older one. Alice sleeps, Bob gets the lock, and Alice's late
// write is refused.
//
// Prints "alice's late write: refused".
#include <nodedb/cluster/local_cluster.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "lock_machine.h"

namespace {

/// What the lock guards: remembers the highest token that it has seen.
class Storage {
 public:
  bool write(std::int64_t token) {
    if (token < highest_) return false;
    highest_ = token;
    return true;
  }

 private:
  std::int64_t highest_ = 0;
};

std::string ask(nodedb::Node& node, const std::string& command) {
  const auto answer = node.propose("printer", command).get();
  if (!answer) {
    std::fprintf(stderr, "%s: %s\n", command.c_str(), answer.error().detail.c_str());
    std::exit(1);
  }
  return answer->reply;
}

std::int64_t token_of(const std::string& granted) {
  const auto words = locks::words_of(granted);
  return words.size() == 2 && words[0] == "granted" ? locks::number_of(words[1]) : 0;
}

}  // namespace

int main() {
  nodedb::log_to_stderr(nodedb::LogLevel::warn);
  auto cluster = nodedb::LocalCluster::start(std::make_shared<locks::LockMachine>());
  if (!cluster) return std::fprintf(stderr, "%s\n", cluster.error().detail.c_str()), 1;
  nodedb::Node& alices = (*cluster)->node(0);
  nodedb::Node& bobs = (*cluster)->node(1);
  Storage storage;

  const std::int64_t alice = token_of(ask(alices, "acquire printer alice 300"));
  if (alice == 0 || !storage.write(alice)) return 1;
  // Alice sleeps. Bob asks until the cluster has let her time run out.
  std::int64_t bob = 0;
  while (bob == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    bob = token_of(ask(bobs, "acquire printer bob 60000"));
  }
  if (bob <= alice || !storage.write(bob)) return 1;
  if (ask(alices, "release printer " + std::to_string(alice)) != "not held") return 1;
  std::printf("alice's late write: %s\n", storage.write(alice) ? "accepted" : "refused");
  return 0;
}
