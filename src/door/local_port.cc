// SPDX-License-Identifier: Apache-2.0
#include "door/local_port.h"

#include <asio/post.hpp>
#include <utility>

#include "edge/base/clock.h"

namespace nodedb::door {

namespace {

std::shared_ptr<const Placement> picture(const node::Routing& routing, std::uint64_t version) {
  auto made = std::make_shared<Placement>();
  made->version = version;
  made->self = routing.self;
  for (const meta::Member& member : routing.members) {
    made->members.push_back(
        {member.id, member.uuid.text(), member.name, member.address, std::string(meta::name(member.state))});
  }
  made->shards.reserve(routing.routes.size());
  for (const node::Routing::Route& route : routing.routes)
    made->shards.push_back({route.leader, route.epoch, route.replicas});
  for (const meta::Migration& migration : routing.migrations) {
    const meta::MigrationIntent& intent = migration.intent;
    made->migrations.push_back(
        {intent.id.text(), intent.first.vshard, intent.first.source, intent.first.target,
         std::string(meta::name(meta::phase_of(migration.checkpoint.payload))), intent.aborting});
  }
  return made;
}

}  // namespace

LocalPort::LocalPort(asio::io_context& loop, app::ClientDesk& desk, const NodeHooks& hooks)
    : loop_(loop),
      desk_(desk),
      hooks_(hooks),
      inbox_(2 * nodedb::Node::requests_max, [this] { asio::post(loop_, [this] { work(); }); }) {}

Result<void> LocalPort::take(Call call) {
  if (open_.fetch_add(1) >= nodedb::Node::requests_max) {
    --open_;
    return fail(Code::busy, "too many requests of this program are under way");
  }
  call.request.arrived = edge::monotonic_time();
  auto pushed = push(std::move(call));
  if (!pushed) --open_;
  return pushed;
}

Result<void> LocalPort::take(Errand errand) {
  return push(std::move(errand));
}

Result<void> LocalPort::push(Item item) {
  switch (inbox_.try_push(std::move(item))) {
    case edge::Pushed::ok:
      return {};
    case edge::Pushed::full:
      return fail(Code::busy, "too much is waiting for the net thread");
    case edge::Pushed::closed:
      break;
  }
  return fail(Code::stopping, "the node has stopped");
}

void LocalPort::run(std::move_only_function<void()> what) const {
  if (hooks_.executor)
    hooks_.executor(std::move(what));
  else
    what();
}

void LocalPort::work() {
  for (Item& item : inbox_.take_all(long_ago)) {
    if (auto* call = std::get_if<Call>(&item))
      submit(std::move(*call));
    else
      std::get<Errand>(item)(true);
  }
}

void LocalPort::submit(Call call) {
  call.request.tag = ++last_tag_;
  waiting_.emplace(last_tag_, Waiting{std::move(call.done), call.request.write});
  desk_.submit(std::move(call.request));
}

void LocalPort::completed(node::ClientReply reply) {
  auto waited = waiting_.extract(reply.tag);
  if (waited.empty()) return;  // it was told when the port was closed
  if (!reply.result) return complete(std::move(waited.mapped().done), std::unexpected(reply.result.error()));
  complete(std::move(waited.mapped().done), Answer{Bytes(reply.result->view()), reply.at});
}

void LocalPort::complete(nodedb::Node::Done done, Result<Answer> answer) {
  --open_;
  run([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

std::shared_ptr<const Placement> LocalPort::placement() const {
  const std::lock_guard lock(looking_);
  return placement_;
}

void LocalPort::set_routing(std::shared_ptr<const node::Routing> routing) {
  auto now = picture(*routing, ++version_);
  {
    const std::lock_guard lock(looking_);
    placement_ = now;
  }
  if (hooks_.placement) run([&hooks = hooks_, now = std::move(now)] { hooks.placement(now); });
}

/// Of a write that is under way nobody will hear any more.
void LocalPort::close() {
  inbox_.close();
  for (Item& item : inbox_.take_all(long_ago)) {
    if (auto* call = std::get_if<Call>(&item))
      complete(std::move(call->done), fail(Code::stopping, "the node has stopped"));
    else
      std::get<Errand>(item)(false);
  }
  for (auto& [tag, waited] : std::exchange(waiting_, {})) {
    complete(std::move(waited.done),
             waited.write ? fail(Code::timeout, "the node has stopped; the write may have been applied")
                          : fail(Code::stopping, "the node has stopped"));
  }
}

}  // namespace nodedb::door
