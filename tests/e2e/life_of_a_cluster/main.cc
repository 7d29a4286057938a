// SPDX-License-Identifier: Apache-2.0
// The life of a cluster, in real processes and under load from beginning to end: it grows from three nodes to
// five, one dies for good and is repaired and replaced, two are decommissioned at once, all are restarted one
// after the other, and the authority is exchanged. No client's operation may fail; how long the longest one
// took is printed for each step.
//
//   e2e_life_of_a_cluster [--clients C] [--dir DIR] [--again N]
//
// --again: not the life, but its two planned steps that need no machine more, N times over on four nodes.
//
// Beside the clients that check what they read, redis-benchmark runs all the while at a node that the step
// does not touch, and may not end by itself.

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "app/child.h"
#include "app/operator_calls.h"
#include "edge/base/clock.h"
#include "edge/tls/certificates.h"
#include "tests/e2e/life_of_a_cluster/clients.h"
#include "tests/e2e/support/cluster.h"
#include "tests/e2e/support/process.h"

namespace nodedb::e2e {

namespace {

constexpr int step_patience_s = 300;
constexpr int retired_status = 74;

/// redis-benchmark, at one node at a time.
class Benchmark {
 public:
  explicit Benchmark(std::string log) : log_(std::move(log)) {}
  ~Benchmark() { end(); }
  Benchmark(const Benchmark&) = delete;
  Benchmark& operator=(const Benchmark&) = delete;

  void go_to(int port) {
    end();
    const auto pid =
        app::start_child({"/usr/bin/redis-benchmark", "-p", std::to_string(port), "-t", "set,get", "-c", "8",
                          "-P", "4", "-r", "100000", "-n", "1000000000", "-q"},
                         log_);
    pid_ = pid ? *pid : 0;
    if (!pid) ++ended_by_itself_;
  }
  /// How often it has given up: it does at the first error that it is told.
  int ended_by_itself() {
    look();
    return ended_by_itself_;
  }

 private:
  void look() {
    if (pid_ == 0 || ::waitpid(pid_, nullptr, WNOHANG) != pid_) return;
    pid_ = 0;
    ++ended_by_itself_;
  }
  void end() {
    look();
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  std::string log_;
  pid_t pid_ = 0;
  int ended_by_itself_ = 0;
};

class Life {
 public:
  Life(Cluster cluster, std::size_t clients)
      : cluster_(std::move(cluster)), benchmark_(cluster_.directory() + "/benchmark.log") {
    open_doors();
    benchmark_.go_to(cluster_.nodes()[0].redis_port);
    clients_.emplace(doors_, clients);
    std::printf("%-46s %9s %10s %7s %12s\n", "step", "seconds", "operations", "failed", "longest, ms");
  }

  bool run() {
    step("as it is, 3 nodes", [] {
      sleep_ms(3'000);
      return true;
    });
    step("grow to 5, and spread", [&] {
      return join("node-4") && join("node-5") && spread({1, 2, 3, 4, 5});
    });
    step("kill node 3 for good, and repair", [&] {
      return lose(3) && holds_nothing(3) && spread({1, 2, 4, 5});
    });
    step("replace it by node 6, and spread", [&] {
      return join("node-6") && operates({"node", "replace", "3", "6"}) && gone(3) && spread({1, 2, 4, 5, 6});
    });
    step("decommission nodes 4 and 5 at once", [&] { return decommission({4, 5}); });
    step("restart all, one after the other", [&] { return restart_all(); });
    step("another authority for all", [&] { return exchange_authority(); });
    return ends_well();
  }
  /// The steps that may be repeated for ever.
  bool run_again(int times) {
    step("one joins", [&] { return join("node-4") && spread({1, 2, 3, 4}); });
    for (int i = 0; i < times && good_; ++i) {
      step("restart all, one after the other", [&] { return restart_all(); });
      step("another authority for all", [&] { return exchange_authority(); });
    }
    return ends_well();
  }

 private:
  bool ends_well() {
    const Clients::Audit audit = clients_->stop();
    std::printf("%lld values acknowledged, %lld lost; redis-benchmark gave up %d times\n",
                static_cast<long long>(audit.written), static_cast<long long>(audit.lost),
                benchmark_.ended_by_itself());
    return good_ && audit.lost == 0 && benchmark_.ended_by_itself() == 0;
  }

  struct Member {
    std::unique_ptr<Process> process;  ///< of those that joined
    int redis_port = 0;
    std::string quic;
    std::vector<std::string> line;
    std::string log;
  };

  template <class Do>
  void step(const char* name, Do what) {
    if (!good_) return;
    clients_->take();
    const Time begun = edge::monotonic_time();
    const bool done = what();
    const double seconds = static_cast<double>(edge::monotonic_time() - begun) / 1e9;
    const Fares fares = clients_->take();
    std::printf("%-46s %9.1f %10lld %7lld %12.1f  %s%s%s\n", name, seconds,
                static_cast<long long>(fares.operations), static_cast<long long>(fares.failed),
                static_cast<double>(fares.longest_us) / 1e3, fares.longest.c_str(), done ? "" : "  NOT DONE",
                fares.failed == 0 ? "" : ("  " + fares.first_error).c_str());
    std::fflush(stdout);
    good_ = done && fares.failed == 0;
  }

  // --- asking ---

  std::optional<app::Json> status() {
    for (std::size_t i = 0; i < cluster_.nodes().size(); ++i) {
      if (cluster_.nodes()[i].pid == 0) continue;
      const Finished asked = operate(cluster_, i, {"status"});
      if (asked.status == 0) return json_of(asked);
    }
    return std::nullopt;
  }
  bool operates(std::vector<std::string> words) {
    for (std::size_t i = 0; i < cluster_.nodes().size(); ++i) {
      if (cluster_.nodes()[i].pid == 0) continue;
      const Finished asked = operate(cluster_, i, words);
      if (asked.status == 0) return true;
      std::printf("%s\n", asked.output.c_str());
    }
    return false;
  }
  /// Replicas that are wanted on each node.
  std::map<std::int64_t, int> holdings() {
    std::map<std::int64_t, int> held;
    for (std::size_t i = 0; i < cluster_.nodes().size(); ++i) {
      if (cluster_.nodes()[i].pid == 0) continue;
      const auto asked = app::ask({cluster_.operator_certs(), cluster_.nodes()[i].quic, 5 * ns_per_s},
                                  app::AskStatus{{.groups = true}});
      if (!asked) continue;
      for (const app::Json& group : (*asked)["groups"].items())
        for (const app::Json& node : group["wanted"].items()) ++held[node.number()];
      return held;
    }
    return held;
  }
  bool quiet() {
    const auto now = status();
    return now && (*now)["migrations"].items().empty() && (*now)["groups_without_leader"].number() == 0;
  }
  /// All of them, and nobody else, hold replicas, within one of the mean, and nothing moves.
  bool spread(const std::vector<std::int64_t>& nodes) {
    return eventually(step_patience_s, [&] {
      const auto held = holdings();
      if (held.size() != nodes.size()) return false;
      int least = 1 << 20, most = 0;
      for (const std::int64_t node : nodes) {
        const auto at = held.find(node);
        if (at == held.end()) return false;
        least = std::min(least, at->second);
        most = std::max(most, at->second);
      }
      return most - least <= 2 && quiet();
    });
  }
  bool holds_nothing(std::int64_t node) {
    return eventually(step_patience_s, [&] {
      const auto held = holdings();
      return !held.empty() && !held.contains(node);
    });
  }
  bool gone(std::int64_t node) {
    return eventually(step_patience_s, [&] {
      const auto now = status();
      return now && std::ranges::none_of((*now)["members"].items(), [&](const app::Json& member) {
               return member["id"].number() == node;
             });
    });
  }

  // --- doing ---

  void open_doors() {
    std::vector<int> ports;
    for (const Cluster::Node& node : cluster_.nodes())
      if (node.pid != 0) ports.push_back(node.redis_port);
    for (const auto& [name, member] : joined_) ports.push_back(member.redis_port);
    doors_.set(std::move(ports));
  }

  bool join(const std::string& name) {
    const std::string home = cluster_.directory() + "/" + name;
    std::string token;
    if (!make_token(name, token)) return false;
    Member member;
    member.redis_port = free_port();
    member.quic = "127.0.0.1:" + std::to_string(free_port());
    member.line = {binary(),   "start",
                   "--data",   home,
                   "--name",   name,
                   "--listen", member.quic,
                   "--client", "127.0.0.1:" + std::to_string(member.redis_port),
                   "--http",   "",
                   "--join",   token + "@" + cluster_.nodes()[0].quic};
    member.log = home + ".log";
    member.process = std::make_unique<Process>(member.line, member.log);
    const bool there = eventually(60, [&] {
      const auto now = status();
      return now && std::ranges::any_of((*now)["members"].items(), [&](const app::Json& one) {
               return one["quic"].text() == member.quic && one["state"].text() == "active";
             });
    });
    joined_[name] = std::move(member);
    if (there) open_doors();
    return there;
  }

  bool make_token(const std::string& name, std::string& token) {
    const Finished made = operate(cluster_, 0, {"token", "create", "--node-name", name});
    if (made.status != 0) std::printf("%s\n", made.output.c_str());
    token = json_of(made)["token"].text();
    return !token.empty();
  }

  bool lose(std::size_t id) {
    if (!operates({"settings", "set", "repair.after", "5s"})) return false;
    cluster_.kill(id - 1);
    open_doors();
    return true;
  }

  bool decommission(const std::vector<std::int64_t>& ids) {
    std::vector<std::string> words{"node", "decommission"};
    for (const std::int64_t id : ids) words.push_back(std::to_string(id));
    if (!operates(words)) return false;
    for (const std::int64_t id : ids) {
      Member& member = joined_.at("node-" + std::to_string(id));
      int status = 0;
      const bool ended = eventually(step_patience_s, [&] {
        return ::waitpid(member.process->pid(), &status, WNOHANG) == member.process->pid();
      });
      if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != retired_status) return false;
      joined_.erase("node-" + std::to_string(id));
      open_doors();
    }
    return quiet() || eventually(60, [&] { return quiet(); });
  }

  bool restart_all() {
    for (std::size_t i = 0; i < cluster_.nodes().size(); ++i) {
      if (cluster_.nodes()[i].pid == 0) continue;
      benchmark_.go_to(cluster_.nodes()[i == 0 ? 1 : 0].redis_port);
      if (!cluster_.end(i, SIGTERM, 30)) return false;
      cluster_.restart(i);
      if (!eventually(60, [&] { return healthy(i); })) return false;
    }
    return std::ranges::all_of(joined_, [&](auto& member) { return restart(member.second); });
  }
  bool restart(Member& member) {
    if (member.process->end(SIGTERM, 30) != 0) return false;
    member.process = std::make_unique<Process>(member.line, member.log);
    return eventually(60, [&] {
      const Finished asked = nodedb::e2e::run(
          {binary(), "status", "--certs", cluster_.operator_certs(), "--node", member.quic, "-o", "json"});
      return asked.status == 0 && quiet();
    });
  }
  bool healthy(std::size_t index) {
    const auto own = cluster_.status(index);
    return own && (*own)["groups_without_leader"].number() == 0 && quiet();
  }

  /// Both steps of `cert rotate-ca`. The founders sign, with the key in the cluster's directory.
  bool exchange_authority() {
    const std::string first = cluster_.directory() + "/ca",
                      next = cluster_.directory() + "/ca-" + std::to_string(++authority_);
    const auto own = cluster_.status(0);
    if (!own || !makes({"cert", "ca", "--dir", next, "--cluster", (*own)["cluster"]["uuid"].text()}))
      return false;
    const std::string fingerprint = tls::show(next + "/ca.crt")->fingerprint;
    if (!operates({"cert", "rotate-ca", "--stage", "--ca", next}) || !all_have("staged", fingerprint))
      return false;
    std::filesystem::copy_file(next + "/ca.key", first + "/ca.key.new");
    std::filesystem::rename(first + "/ca.key.new", first + "/ca.key");
    if (!all_have("issuer", fingerprint) || !operates({"cert", "rotate-ca", "--finalize"})) return false;
    // The operator's own certificate is of the first one.
    const std::string alice = cluster_.directory() + "/alice";
    if (!makes({"cert", "client", "--ca", next, "--out", alice, "--name", "alice"})) return false;
    for (const char* file : {"/client.key", "/client.crt", "/ca.crt"})
      std::filesystem::rename(alice + file, cluster_.operator_certs() + file);
    return eventually(60, [&] { return quiet(); });
  }
  bool makes(std::vector<std::string> words) {
    words.insert(words.begin(), binary());
    const Finished made = nodedb::e2e::run(words);
    if (made.status != 0) std::printf("%s\n", made.output.c_str());
    return made.status == 0;
  }
  /// What `cert rotate-ca --status` tells of every member.
  bool all_have(const char* field, const std::string& fingerprint) {
    const auto up = std::ranges::count_if(cluster_.nodes(), [](const auto& node) { return node.pid != 0; });
    const auto members = static_cast<std::size_t>(up) + joined_.size();
    return eventually(step_patience_s, [&] {
      const app::Json told = json_of(operate(cluster_, 0, {"cert", "rotate-ca", "--status"}));
      const std::vector<app::Json>& trusts = told["members"].items();
      return trusts.size() == members && std::ranges::all_of(trusts, [&](const app::Json& one) {
               return one[field].text() == fingerprint;
             });
    });
  }

  Cluster cluster_;
  std::map<std::string, Member> joined_;
  Doors doors_;
  Benchmark benchmark_;
  std::optional<Clients> clients_;
  int authority_ = 1;
  bool good_ = true;
};

int live(int count, char** words) {
  std::size_t clients = 8;
  int again = 0;
  std::string directory;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string word = words[i];
    if (word == "--clients")
      clients = std::strtoull(words[i + 1], nullptr, 10);
    else if (word == "--dir")
      directory = words[i + 1];
    else if (word == "--again")
      again = std::atoi(words[i + 1]);
  }
  std::optional<TemporaryDirectory> temporary;
  if (directory.empty()) directory = temporary.emplace("nodedb-life").path();
  std::string complaint;
  auto cluster = Cluster::start(directory, 3, complaint, {"--rebalance", "auto"});
  if (!cluster) {
    std::cerr << complaint << "\n";
    return 1;
  }
  Life life(std::move(*cluster), clients);
  return (again > 0 ? life.run_again(again) : life.run()) ? 0 : 1;
}

}  // namespace

}  // namespace nodedb::e2e

int main(int count, char** words) {
  return nodedb::e2e::live(count, words);
}
