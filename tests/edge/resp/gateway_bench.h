// SPDX-License-Identifier: Apache-2.0
#pragma once

// A gateway over a store in memory whose calls wait until the test lets them go: in any order, or not at all.

#include <sstream>
#include <string>

#include "base/check.h"
#include "edge/resp/gateway.h"
#include "tests/edge/resp/fake_store.h"

namespace nodedb::resp::test {

class GatewayBench {
 public:
  explicit GatewayBench(Options options = {}) : gateway(std::move(options), backend, Rng(1)) {}

  Session& connect() { return gateway.open("127.0.0.1:1", "127.0.0.1:2", now.mono); }

  /// Gives a command, as words parted by blanks, and runs nothing.
  void give(Session& session, const std::string& line) {
    std::vector<std::string> words;
    std::istringstream in(line);
    for (std::string word; in >> word;) words.push_back(word);
    give(session, words);
  }
  void give(Session& session, const std::vector<std::string>& words) {
    gateway.execute(session, kv::Argv(words.begin(), words.end()), now);
  }

  /// Runs the call at `place` among those that wait.
  void run(std::size_t place = 0) {
    CHECK(place < backend.calls.size());
    HeldBackend::Held held = std::move(backend.calls[place]);
    backend.calls.erase(backend.calls.begin() + static_cast<std::ptrdiff_t>(place));
    gateway.completed(held.tag, store.run(held.call, now.wall.ns));
  }
  void fail(std::size_t place, Code code) {
    HeldBackend::Held held = std::move(backend.calls[place]);
    backend.calls.erase(backend.calls.begin() + static_cast<std::ptrdiff_t>(place));
    gateway.completed(held.tag, nodedb::fail(code, "as the test wants"));
  }
  void run_all() {
    while (!backend.calls.empty()) run();
  }

  /// What the session has to say so far.
  std::string taken(Session& session) { return std::exchange(session.pipeline.output(), {}); }
  /// Gives, runs everything, takes.
  template <class Command>
  std::string ask(Session& session, const Command& command) {
    give(session, command);
    run_all();
    return taken(session);
  }
  std::string ask(Session& session, const char* line) { return ask(session, std::string(line)); }

  HeldBackend backend;
  FakeStore store;
  Now now{.mono = Time{ns_per_s}, .wall = WallTime{1'700'000'000 * ns_per_s}};
  Gateway gateway;
};

inline constexpr const char* cross_slot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace nodedb::resp::test
