// SPDX-License-Identifier: Apache-2.0
#include "nodedb/cluster/node.h"

#include <algorithm>
#include <asio/post.hpp>
#include <mutex>
#include <thread>
#include <utility>

#include "app/assembly.h"
#include "app/joining.h"
#include "base/check.h"
#include "base/limits.h"
#include "door/config.h"
#include "door/local_port.h"

namespace nodedb {

struct Node::Impl {
  Impl(std::shared_ptr<const StateMachine> given, NodeHooks told)
      : machine(std::move(given)), hooks(std::move(told)) {}

  Result<void> open(const NodeOptions& options) {
    app::Configured made = door::configure(options);
    if (!made.complaints.empty()) {
      std::string all;
      for (const std::string& complaint : made.complaints) all += (all.empty() ? "" : "; ") + complaint;
      return fail(Code::malformed, std::move(all));
    }
    if (auto joined = app::join_cluster(made.config); !joined) return joined;
    app::Outside outside;
    outside.clients = [this](asio::io_context& loop,
                             app::ClientDesk& desk) -> Result<std::unique_ptr<app::ClientPort>> {
      auto opened = std::make_unique<door::LocalPort>(loop, desk, hooks);
      port = opened.get();
      return opened;
    };
    outside.retired = [this] {
      if (hooks.retired) port->run([this] { hooks.retired(); });
    };
    if (hooks.path)
      outside.path = [this](const RequestPath& path) { port->run([this, path] { hooks.path(path); }); };
    auto opened = app::Assembly::open(made.config, *machine, outside);
    if (!opened) return std::unexpected(opened.error());
    assembly = std::move(*opened);
    net = std::thread([this] { assembly->run(); });
    return {};
  }

  void stop() {
    CHECK(std::this_thread::get_id() != net.get_id());
    std::call_once(stopped, [this] {
      if (!net.joinable()) return;
      // Refused if it has stopped by itself: nothing is left to be asked for.
      static_cast<void>(port->take(door::Errand([this](bool open) {
        if (open) assembly->front().drain();
      })));
      net.join();
    });
  }

  /// Asks as an operator does; `pick` makes the answer of what the node has said.
  template <class T, class Pick>
  std::future<Result<T>> ask(app::Front::Question question, Pick pick) {
    auto promise = std::make_shared<std::promise<Result<T>>>();  // shared with whoever keeps it
    auto future = promise->get_future();
    const auto answer = [promise, pick](const node::OperatorReply& reply) {
      if (reply.result)
        promise->set_value(pick(*reply.result));
      else
        promise->set_value(std::unexpected(reply.result.error()));
    };
    const auto taken = port->take(door::Errand([this, answer, question = std::move(question)](bool open) {
      if (open)
        assembly->front().ask(question, answer);
      else
        answer({0, fail(Code::stopping, "the node has stopped")});
    }));
    if (!taken) answer({0, std::unexpected(taken.error())});
    return future;
  }

  // Shared as Node::start says.
  std::shared_ptr<const StateMachine> machine;
  NodeHooks hooks;
  door::LocalPort* port = nullptr;  ///< the front's
  std::unique_ptr<app::Assembly> assembly;
  std::thread net;
  std::once_flag stopped;
};

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Node::~Node() {
  stop();
}

Result<std::unique_ptr<Node>> Node::start(NodeOptions options, std::shared_ptr<const StateMachine> machine,
                                          NodeHooks hooks) {
  auto impl = std::make_unique<Impl>(std::move(machine), std::move(hooks));
  if (auto opened = impl->open(options); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

void Node::stop() {
  impl_->stop();
}

Result<void> Node::propose(Place place, Bytes command, Done done, std::int64_t timeout,
                           const TraceContext& trace) {
  if (command.size() > limits::request_bytes_max) return fail(Code::too_large, "the command");
  node::ClientRequest request;
  request.vshard = place.vshard();
  request.write = true;
  request.command = Blob(std::move(command));
  request.timeout_ns = timeout;
  request.trace = trace;
  return impl_->port->take(door::Call{std::move(request), std::move(done)});
}

Result<void> Node::read(Place place, Bytes query, const ReadOptions& options, Done done) {
  if (query.size() > limits::request_bytes_max) return fail(Code::too_large, "the query");
  node::ClientRequest request;
  request.vshard = place.vshard();
  request.command = Blob(std::move(query));
  request.timeout_ns = options.timeout_ns;
  request.level = options.level;
  request.max_staleness_ns = options.max_staleness_ns;
  request.after = options.after;
  request.trace = options.trace;
  return impl_->port->take(door::Call{std::move(request), std::move(done)});
}

namespace {

/// A call with a completion as one with a future.
template <class Call>
std::future<Result<Answer>> promised(const Call& call) {
  auto promise = std::make_shared<std::promise<Result<Answer>>>();  // shared with the completion
  auto future = promise->get_future();
  const Result<void> taken =
      call([promise](Result<Answer> answer) { promise->set_value(std::move(answer)); });
  if (!taken) promise->set_value(std::unexpected(taken.error()));
  return future;
}

}  // namespace

std::future<Result<Answer>> Node::propose(Place place, Bytes command, std::int64_t timeout,
                                          const TraceContext& trace) {
  return promised(
      [&](Done done) { return propose(place, std::move(command), std::move(done), timeout, trace); });
}

std::future<Result<Answer>> Node::read(Place place, Bytes query, const ReadOptions& options) {
  return promised([&](Done done) { return read(place, std::move(query), options, std::move(done)); });
}

std::future<Result<void>> Node::init() {
  return impl_->ask<void>([](std::uint64_t tag) -> node::Event { return node::Init{tag}; },
                          [](const auto&) { return Result<void>(); });
}

std::future<Result<std::string>> Node::migrate(VShardId vshard, NodeId source, NodeId target,
                                               std::int64_t pause_budget_ns) {
  const auto budget_us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, pause_budget_ns) / ns_per_us);
  return impl_->ask<std::string>(
      [=](std::uint64_t tag) -> node::Event {
        return node::StartMigration{tag, vshard, source, target, budget_us};
      },
      [](const auto& said) { return Result<std::string>(std::get<node::MigrationTaken>(said).id.text()); });
}

std::future<Result<void>> Node::cancel(const std::string& migration) {
  const auto id = Uuid::parse(migration);
  if (!id) {
    std::promise<Result<void>> refused;
    refused.set_value(fail(Code::malformed, "'" + migration + "' is no migration's id"));
    return refused.get_future();
  }
  return impl_->ask<void>(
      [id = *id](std::uint64_t tag) -> node::Event {
        return node::CancelMigration{tag, id, "cancelled by the program around the node"};
      },
      [](const auto&) { return Result<void>(); });
}

std::shared_ptr<const Placement> Node::placement() const {
  return impl_->port->placement();
}

}  // namespace nodedb
