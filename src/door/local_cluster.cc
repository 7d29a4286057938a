// SPDX-License-Identifier: Apache-2.0
#include "nodedb/cluster/local_cluster.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "app/playground.h"
#include "base/check.h"
#include "edge/base/clock.h"

namespace nodedb {

namespace {

/// Generous, for machines that are busy with other things.
constexpr std::int64_t form_patience_ns = 60 * ns_per_s;
constexpr auto look_again = std::chrono::milliseconds(10);

}  // namespace

struct LocalCluster::Impl {
  /// A directory that is removed at the end, if it is this program's own.
  struct Home {
    std::string path;
    bool temporary = false;

    Home() = default;
    Home(Home&& other) noexcept
        : path(std::move(other.path)), temporary(std::exchange(other.temporary, false)) {}
    Home& operator=(Home&&) = delete;
    ~Home() {
      std::error_code ignored;
      if (temporary) std::filesystem::remove_all(path, ignored);
    }

    static Result<Home> make(const std::string& directory) {
      Home made;
      made.path = directory;
      if (!directory.empty()) return made;
      std::error_code problem;
      std::string name = (std::filesystem::temp_directory_path(problem) / "nodedb-cluster-XXXXXX").string();
      if (problem || ::mkdtemp(name.data()) == nullptr)
        return fail(Code::forbidden, "no temporary directory can be made: " + name);
      made.path = std::move(name);
      made.temporary = true;
      return made;
    }
  };

  Impl(Home given, app::PlaygroundPlan made, std::shared_ptr<const StateMachine> replicated,
       LocalClusterOptions told)
      : home(std::move(given)),
        plan(std::move(made)),
        machine(std::move(replicated)),
        options(std::move(told)),
        nodes(plan.nodes.size()) {}
  ~Impl() {
    // All at once: each asks the others to take its leaderships over.
    std::vector<std::thread> ending;
    for (std::unique_ptr<Node>& node : nodes)
      if (node) ending.emplace_back([&node] { node->stop(); });
    for (std::thread& one : ending) one.join();
  }

  Result<void> start(std::size_t i) {
    if (nodes[i]) return fail(Code::invalid_state, "it runs");
    NodeOptions one;
    one.data = plan.node_directory(i) + "/data";
    one.certs = plan.node_directory(i) + "/certs";
    one.listen = address(i);
    for (std::size_t founder = 0; founder < plan.nodes.size(); ++founder)
      one.seeds.push_back(address(founder));
    one.more["replication_factor"] = plan.nodes.size() >= 3 ? "3" : "1";
    one.more["ca_key"] = plan.directory + "/ca/ca.key";
    one.more["drain_timeout"] = "1s";
    NodeHooks hooks;
    hooks.executor = options.executor;
    hooks.path = options.path;
    auto started = Node::start(std::move(one), machine, std::move(hooks));
    if (!started) return std::unexpected(started.error());
    nodes[i] = std::move(*started);
    return {};
  }

  Result<void> form() {
    if (auto formed = nodes.front()->init().get(); !formed) return formed;
    const Time deadline = edge::monotonic_time() + form_patience_ns;
    for (const std::unique_ptr<Node>& node : nodes) {
      while (!serves(*node)) {
        if (edge::monotonic_time() > deadline)
          return fail(Code::timeout, "the cluster is not formed in time");
        std::this_thread::sleep_for(look_again);
      }
    }
    return {};
  }
  bool serves(const Node& node) const {
    const auto known = node.placement();
    return known != nullptr && known->members.size() == nodes.size() && known->all_led();
  }

  std::string address(std::size_t i) const { return app::PlaygroundPlan::address(plan.nodes[i].quic); }

  Home home;  ///< first: it goes last
  app::PlaygroundPlan plan;
  std::shared_ptr<const StateMachine> machine;  // shared with the nodes, as Node::start says
  LocalClusterOptions options;
  std::vector<std::unique_ptr<Node>> nodes;
};

LocalCluster::LocalCluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalCluster::~LocalCluster() = default;

Result<std::unique_ptr<LocalCluster>> LocalCluster::start(std::shared_ptr<const StateMachine> machine,
                                                          LocalClusterOptions options) {
  auto home = Impl::Home::make(options.directory);
  if (!home) return std::unexpected(home.error());
  app::PlaygroundArguments arguments;
  arguments.nodes = static_cast<std::int64_t>(options.nodes);
  arguments.directory = home->path;
  auto plan = app::plan_playground(arguments);
  if (!plan) return std::unexpected(plan.error());
  auto impl =
      std::make_unique<Impl>(std::move(*home), std::move(*plan), std::move(machine), std::move(options));
  for (std::size_t i = 0; i < impl->nodes.size(); ++i)
    if (auto started = impl->start(i); !started) return std::unexpected(started.error());
  if (auto formed = impl->form(); !formed) return std::unexpected(formed.error());
  return std::unique_ptr<LocalCluster>(new LocalCluster(std::move(impl)));
}

std::size_t LocalCluster::size() const {
  return impl_->nodes.size();
}

Node& LocalCluster::node(std::size_t i) {
  CHECK(i < impl_->nodes.size() && impl_->nodes[i]);
  return *impl_->nodes[i];
}

void LocalCluster::stop(std::size_t i) {
  impl_->nodes[i].reset();
}

Result<void> LocalCluster::restart(std::size_t i) {
  return impl_->start(i);
}

const std::string& LocalCluster::directory() const {
  return impl_->plan.directory;
}

std::string LocalCluster::address(std::size_t i) const {
  return impl_->address(i);
}

}  // namespace nodedb
