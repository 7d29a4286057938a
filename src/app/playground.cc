// SPDX-License-Identifier: Apache-2.0
#include "app/playground.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>

#include "app/child.h"
#include "app/cluster_picture.h"
#include "app/output.h"
#include "app/table.h"
#include "edge/base/clock.h"

namespace nodedb::app {

namespace {

/// Generous, for machines that are busy with other things.
constexpr std::int64_t form_patience_ns = 120 * ns_per_s;
constexpr std::int64_t child_patience_ns = 10 * ns_per_s;
constexpr std::int64_t child_poll_ns = 100 * ns_per_ms;
/// All nodes end at once, so nobody is left to take their leaderships: they are not waited for.
constexpr std::int64_t polite_ns = 1 * ns_per_s;
constexpr std::int64_t stop_patience_ns = 10 * ns_per_s;
constexpr std::int64_t respawn_pause_ns = 1 * ns_per_s;

/// The signals that the playground takes one by one instead of being interrupted.
sigset_t handled_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&set, signal);
  return set;
}

class Playground {
 public:
  Playground(PlaygroundPlan plan, const PlaygroundArguments& arguments)
      : plan_(std::move(plan)), arguments_(arguments), children_(plan_.nodes.size()) {}
  ~Playground() { stop(); }
  Playground(const Playground&) = delete;
  Playground& operator=(const Playground&) = delete;

  Exit run() {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      // Who has joined before may hold replicas, so the others may need it.
      if (i >= plan_.founders && !std::filesystem::exists(plan_.node_directory(i) + "/data")) continue;
      if (const auto started = start(i); !started) return complain(started.error());
    }
    auto cluster = serve();
    if (cluster && !ending_) {
      if (const auto set = set_rebalancing(); !set) return complain(set.error());
    }
    for (std::size_t i = plan_.founders; cluster && !ending_ && i < children_.size(); ++i) {
      if (children_[i].pid != 0) continue;
      if (const auto started = start(i); !started) return complain(started.error());
      cluster = serve();
    }
    if (!cluster) return complain(cluster.error());
    if (ending_) return Exit::ok;
    serving_ = true;
    print(arguments_.output == Output::json ? json(*cluster) : table(*cluster));
    while (!ending_) wait(never);
    return Exit::ok;
  }

 private:
  struct Child {
    pid_t pid = 0;  ///< 0: down
    std::int64_t id = 0;
    Time started = long_ago;
    bool retired = false;  ///< it must not be started again
  };

  Result<void> start(std::size_t index) {
    const auto pid = start_child(plan_.start(index, arguments_.trace), plan_.node_directory(index) + "/log");
    if (!pid) return std::unexpected(pid.error());
    children_[index].pid = *pid;
    children_[index].started = edge::monotonic_time();
    return {};
  }

  /// Takes one signal, or nothing by the deadline.
  void wait(Time deadline) {
    const sigset_t set = handled_signals();
    const Time now = edge::monotonic_time();
    // Bounded, so that a child that waits for its pause to end is started again.
    const std::int64_t wait_ns =
        std::clamp<std::int64_t>(deadline == never ? ns_per_s : deadline - now, 0, ns_per_s);
    const timespec span{wait_ns / ns_per_s, wait_ns % ns_per_s};
    const int signal = ::sigtimedwait(&set, nullptr, &span);
    if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) ending_ = true;
    reap();
    if (arguments_.restart && serving_ && !ending_) revive();
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto child = std::ranges::find(children_, pid, &Child::pid);
      if (child == children_.end()) continue;
      child->pid = 0;
      child->retired = WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(Exit::retired);
      const auto index = static_cast<std::size_t>(child - children_.begin());
      failed_early_ = failed_early_ || !serving_;
      if (stopping_) continue;
      std::cerr << "playground: node " << index + 1 << " (pid " << pid << ") ended: "
                << (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                        : "exit status " + std::to_string(WEXITSTATUS(status)))
                << "; log: " << plan_.node_directory(index) << "/log\n";
    }
  }

  void revive() {
    const Time now = edge::monotonic_time();
    for (std::size_t i = 0; i < children_.size(); ++i) {
      if (children_[i].pid != 0 || children_[i].retired || now - children_[i].started < respawn_pause_ns)
        continue;
      if (const auto started = start(i); !started) complain(started.error());
    }
  }

  Operator operator_of(std::size_t index) const {
    return {plan_.operator_directory(), PlaygroundPlan::address(plan_.nodes[index].quic), child_patience_ns};
  }

  /// Waits until the nodes that have been started answer, forms the cluster (init is idempotent), waits until
  /// each is a member and every group has a leader. The cluster's UUID, empty if the playground was asked to
  /// end.
  Result<std::string> serve() {
    const Time deadline = edge::monotonic_time() + form_patience_ns;
    Error last{Code::timeout, "the nodes did not answer"};
    while (edge::monotonic_time() < deadline) {
      if (ending_) return std::string();
      if (failed_early_)
        return fail(Code::unreachable, "a node ended before the cluster was formed; its log is in " +
                                           plan_.directory + "/node-*/log");
      auto uuid = try_form();
      if (uuid) return uuid;
      last = uuid.error();
      wait(edge::monotonic_time() + child_poll_ns);
    }
    return fail(last.code, "the cluster did not form within 2 minutes: " + last.detail +
                               "; logs: " + plan_.directory + "/node-*/log");
  }

  Result<void> set_rebalancing() {
    if (arguments_.rebalance.empty()) return {};
    const meta::SettingChange change{"rebalance.mode", arguments_.rebalance};
    if (const auto set = ask(operator_of(0), AskAdminister{change}); !set)
      return std::unexpected(set.error());
    return {};
  }

  Result<std::string> try_form() {
    const auto formed = ask(operator_of(0), AskInit{});
    if (!formed && formed.error().code != Code::already_initialised) return std::unexpected(formed.error());
    const auto answers = ask_everybody(operator_of(0), {});
    if (!answers) return std::unexpected(answers.error());
    const ClusterPicture picture = picture_of(*answers);
    const auto started = static_cast<std::size_t>(
        std::ranges::count_if(children_, [](const Child& child) { return child.pid != 0; }));
    if (picture.members.size() < started)
      return fail(Code::not_member,
                  std::to_string(started - picture.members.size()) + " nodes have not been taken in yet");
    if (std::ranges::any_of(picture.members, [](const MemberPicture& member) {
          return member.state == meta::name(meta::MemberState::joining);
        }))
      return fail(Code::not_member, "not every node has reported itself yet");
    if (!picture.healthy())
      return fail(Code::no_leader,
                  std::to_string(picture.groups_without_leader) + " groups have no leader yet");
    for (const NodeAnswer& answer : *answers)
      if ((*answer.status)["groups_without_leader"].number() != 0)
        return fail(Code::no_leader, "node " + answer.address + " does not know every leader yet");
    for (std::size_t i = 0; i < children_.size(); ++i)
      for (const MemberPicture& member : picture.members)
        if (member.uuid == plan_.nodes[i].uuid) children_[i].id = member.id;
    return picture.cluster["uuid"].text();
  }

  std::string json(const std::string& cluster) const {
    Json nodes = Json::array();
    for (std::size_t i = 0; i < children_.size(); ++i) {
      Json start = Json::array();
      for (const std::string& word : plan_.start(i, arguments_.trace)) start.push(Json(word));
      Json node = Json::object();
      node.set("id", children_[i].id)
          .set("pid", std::int64_t{children_[i].pid})
          .set("redis", PlaygroundPlan::address(plan_.nodes[i].redis))
          .set("quic", PlaygroundPlan::address(plan_.nodes[i].quic))
          .set("http", PlaygroundPlan::address(plan_.nodes[i].http))
          .set("data", plan_.node_directory(i) + "/data")
          .set("start", std::move(start));
      nodes.push(std::move(node));
    }
    Json body = Json::object();
    body.set("cluster", cluster).set("nodes", std::move(nodes));
    return body.dump() + "\n";
  }

  std::string table(const std::string& cluster) const {
    Table rows({"NODE", "PID", "REDIS", "QUIC", "HTTP", "DIRECTORY"});
    for (std::size_t i = 0; i < children_.size(); ++i)
      rows.add({std::to_string(children_[i].id), std::to_string(children_[i].pid),
                PlaygroundPlan::address(plan_.nodes[i].redis), PlaygroundPlan::address(plan_.nodes[i].quic),
                PlaygroundPlan::address(plan_.nodes[i].http), plan_.node_directory(i)});
    const std::string port = std::to_string(plan_.nodes[0].redis);
    return "cluster " + cluster + " serves\n\n" + rows.text() + "\ntry: redis-cli -p " + port +
           " set hello world\n     nodedb-cluster status --certs " + plan_.operator_directory() + " --node " +
           PlaygroundPlan::address(plan_.nodes[0].quic) + "\n     curl http://" +
           PlaygroundPlan::address(plan_.nodes[0].http) + "/readyz?verbose\nCtrl-C ends it; " +
           plan_.directory + " is kept for another start\n";
  }

  void signal_all(int signal) const {
    for (const Child& child : children_)
      if (child.pid != 0) ::kill(child.pid, signal);
  }
  bool all_down() const {
    return std::ranges::all_of(children_, [](const Child& child) { return child.pid == 0; });
  }
  void wait_down(std::int64_t patience_ns) {
    const Time deadline = edge::monotonic_time() + patience_ns;
    while (!all_down() && edge::monotonic_time() < deadline)
      wait(std::min(deadline, edge::monotonic_time() + child_poll_ns));
  }

  void stop() {
    stopping_ = ending_ = true;
    signal_all(SIGTERM);
    wait_down(polite_ns);
    signal_all(SIGTERM);  // the second one does not wait
    wait_down(stop_patience_ns);
    signal_all(SIGKILL);
    wait_down(stop_patience_ns);
  }

  PlaygroundPlan plan_;
  PlaygroundArguments arguments_;
  std::vector<Child> children_;
  bool serving_ = false;  ///< all are members, and every group has had a leader
  bool failed_early_ = false;
  bool ending_ = false;    ///< asked to end
  bool stopping_ = false;  ///< children end because we want it
};

}  // namespace

Exit run_playground(const PlaygroundArguments& arguments) {
  const sigset_t set = handled_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  auto plan = plan_playground(arguments);
  if (!plan) return complain(plan.error());
  return Playground(std::move(*plan), arguments).run();
}

}  // namespace nodedb::app
