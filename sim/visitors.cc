// SPDX-License-Identifier: Apache-2.0
#include "sim/visitors.h"

#include <algorithm>
#include <utility>

#include "sim/world.h"

namespace nodedb::sim {

namespace {

constexpr std::int64_t probe_pause_ns = 50 * ns_per_ms;

node::ClientRequest wire_form(const SimulatedRequest& asked, std::uint64_t tag, std::int64_t timeout_ns) {
  node::ClientRequest request;
  request.tag = tag;
  request.vshard = asked.vshard;
  request.write = asked.write;
  request.command = Blob(asked.bytes);
  request.timeout_ns = timeout_ns;
  request.level = asked.read.level;
  request.max_staleness_ns = asked.read.max_staleness_ns;
  request.after = asked.read.after;
  return request;
}

}  // namespace

Visitors::Visitors(Around around, Workload& workload, std::vector<SimulatedCall>& seen, Rng rng)
    : around_(around), workload_(workload), seen_(seen), rng_(rng) {}

void Visitors::start() {
  for (std::size_t v = 0; v < around_.climate.clients; ++v) {
    Visitor one;
    one.number = v;
    one.node = rng_.below(around_.climate.machines());
    visitors_.push_back(std::move(one));
    think(v);
  }
}

void Visitors::think(std::size_t v) {
  Visitor& visitor = visitors_[v];
  if (visitor.lists && visitor.list.empty()) return;
  // Mostly in bursts, so that requests meet.
  const std::int64_t think_ns = around_.climate.think_ns;
  const bool burst = rng_.chance(0.6);
  const std::int64_t pause = visitor.lists ? probe_pause_ns : around(burst ? think_ns / 20 : think_ns * 3);
  around_.schedule.after(pause, [this, v] {
    if (!stopped_ || visitors_[v].lists) begin(v);
  });
}

void Visitors::begin(std::size_t v) {
  Visitor& visitor = visitors_[v];
  if (!visitor.lists && rng_.chance(0.2)) visitor.node = rng_.below(around_.climate.machines());
  SimulatedCall& call = visitor.now;
  call = {};
  call.client = visitor.number;
  call.node = visitor.node;
  call.last = visitor.lists;
  call.request = visitor.lists ? visitor.list.back() : workload_.next(visitor.number, rng_);
  call.call_ns = around_.schedule.now();
  const std::uint64_t tag = visitor.tag = ++last_tag_;
  waiting_[tag] = v;
  around_.schedule.after(around(around_.climate.patience_ns), [this, v, tag] {
    if (visitors_[v].tag == tag) finish(v, fail(Code::timeout, "the client has lost patience"));
  });
  around_.schedule.after(rng_.between(10 * ns_per_us, ns_per_ms), [this, v, tag] {
    Visitor& asking = visitors_[v];
    if (asking.tag != tag) return;
    auto request = wire_form(asking.now.request, tag, around_.climate.request_timeout_ns);
    if (!around_.servers.request(asking.node, std::move(request)))
      finish(v, fail(Code::stopping, "nobody listens there"));
  });
}

void Visitors::answered(node::ClientReply reply) {
  around_.schedule.after(rng_.between(10 * ns_per_us, ns_per_ms), [this, reply = std::move(reply)] {
    const auto at = waiting_.find(reply.tag);
    if (at == waiting_.end()) return;
    if (reply.result) {
      around_.schedule.note(reply.result->view());
      ++answers_;
      return finish(at->second, Answer{Bytes(reply.result->view()), reply.at});
    }
    around_.schedule.note(static_cast<std::uint64_t>(reply.result.error().code));
    finish(at->second, std::unexpected(reply.result.error()));
  });
}

void Visitors::broken(std::size_t node) {
  for (std::size_t v = 0; v < visitors_.size(); ++v)
    if (visitors_[v].node == node && visitors_[v].tag != 0)
      finish(v, fail(Code::timeout, "the node has died"));
}

void Visitors::finish(std::size_t v, Result<Answer> answer) {
  Visitor& visitor = visitors_[v];
  waiting_.erase(std::exchange(visitor.tag, 0));
  visitor.now.return_ns = around_.schedule.now();
  visitor.now.answer = std::move(answer);
  const bool answered = visitor.now.answer.has_value();
  if (visitor.lists && answered) visitor.list.pop_back();
  if (!answered && !visitor.lists) visitor.node = rng_.below(around_.climate.machines());
  if (!visitor.lists || answered) {
    seen_.push_back(visitor.now);
    workload_.answered(visitor.now);
  }
  think(v);
}

void Visitors::probe(const std::vector<std::size_t>& nodes) {
  for (const std::size_t node : nodes) {
    Visitor one;
    one.number = visitors_.size();
    one.node = node;
    one.lists = true;
    one.list = workload_.last();
    std::ranges::reverse(one.list);
    visitors_.push_back(std::move(one));
    think(visitors_.size() - 1);
  }
}

std::size_t Visitors::probing() const {
  std::size_t count = 0;
  for (const Visitor& one : visitors_) count += one.list.size();
  return count;
}

std::string Visitors::probe_text() const {
  for (const Visitor& one : visitors_) {
    if (one.list.empty()) continue;
    const SimulatedRequest& request = one.list.back();
    return (request.write ? "write to vShard " : "read of vShard ") + std::to_string(request.vshard.value) +
           " through node " + std::to_string(one.node + 1);
  }
  return "nothing";
}

/// What is open still may take effect, as far as its client knows.
void Visitors::judge(Report&) {
  for (Visitor& one : visitors_) {
    if (one.tag == 0) continue;
    one.now.return_ns = around_.schedule.now();
    one.now.answer = fail(Code::timeout, "the world has ended");
    seen_.push_back(one.now);
  }
}

}  // namespace nodedb::sim
