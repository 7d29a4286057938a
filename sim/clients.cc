// SPDX-License-Identifier: Apache-2.0
#include "sim/clients.h"

#include <algorithm>
#include <utility>

#include "base/slot.h"
#include "history/linearizability.h"
#include "kv/argv.h"
#include "kv/internal.h"
#include "kv/machine.h"
#include "kv/reply.h"
#include "sim/world.h"

namespace nodedb::sim {

namespace {

/// Unrecorded writes go to keys that expire.
constexpr char expiring_kind = 'x';

bool writes(Op op) {
  return op != Op::get;
}

}  // namespace

Application key_value() {
  return {[] { return std::make_unique<const kv::Machine>(); },
          [](const Climate& climate, Schedule& schedule, Servers& servers, Oracle& oracle, Rng rng) {
            return std::make_unique<Clients>(climate, schedule, servers, oracle, rng);
          }};
}

Clients::Clients(const Climate& climate, Schedule& schedule, Servers& servers, Oracle& oracle, Rng rng)
    : climate_(climate), schedule_(schedule), servers_(servers), oracle_(oracle), rng_(rng) {
  const std::size_t registers = (climate.keys + 1) / 2;
  add_keys('r', registers);
  add_keys('n', (climate.keys - registers + 1) / 2);
  add_keys('l', (climate.keys - registers) / 2);
  if (climate.expiring > 0) add_keys(expiring_kind, 4);
  for (std::size_t i = keys_.size(); i > 1; --i) std::swap(keys_[i - 1], keys_[rng_.below(i)]);
}

VShardId Clients::vshard(const std::string& key) const {
  return vshard_of_slot(slot_of(key));
}

std::string Clients::next_key(char kind) {
  while (true) {
    std::string key = kind + std::to_string(next_name_++);
    if (vshard(key).value < climate_.vshards) return key;
  }
}

void Clients::add_keys(char kind, std::size_t count) {
  while (count-- > 0) keys_.push_back(next_key(kind));
}

void Clients::start() {
  for (std::size_t c = 0; c < climate_.clients; ++c) {
    Client client;
    client.number = next_number_++;
    client.node = rng_.below(climate_.machines());
    clients_.push_back(std::move(client));
    think(c);
  }
}

void Clients::wander(Client& client) {
  if (client.kind == Kind::drawn) client.node = rng_.below(climate_.machines());
}

void Clients::think(std::size_t c) {
  Client& client = clients_[c];
  client.stage = Stage::idle;
  const bool lists = client.kind != Kind::drawn;
  if (lists && client.list.empty()) return;
  // Mostly in bursts, so that operations meet.
  const bool burst = rng_.chance(0.6);
  const std::int64_t pause =
      lists ? 50 * ns_per_ms : around(burst ? climate_.think_ns / 20 : climate_.think_ns * 3);
  schedule_.after(pause, [this, c] {
    if (!stopped_ || clients_[c].kind == Kind::probe) begin(c);
  });
}

Operation Clients::draw(std::size_t c) {
  Operation o;
  // Some keys are hotter than others: most faults only show where operations meet.
  o.key = keys_[std::min(rng_.below(keys_.size()), rng_.below(keys_.size()))];
  o.value = std::to_string(c) + "." + std::to_string(next_value_++);
  if (rng_.chance(climate_.reads)) {
    o.op = Op::get;
  } else if (o.key.front() == 'n') {
    o.op = rng_.chance(0.95) ? Op::incr : Op::del;
  } else if (o.key.front() == 'l') {
    o.op = rng_.chance(0.9) ? Op::append : Op::del;
  } else {
    o.op = rng_.chance(0.5) ? Op::put : rng_.chance(0.8) ? Op::cas : Op::del;
  }
  if (o.op != Op::put && o.op != Op::cas && o.op != Op::append) o.value.clear();
  return o;
}

void Clients::begin(std::size_t c) {
  Client& client = clients_[c];
  client.recorded = true;
  if (client.kind != Kind::drawn) {
    client.now = client.list.back();
    client.now.value = client.now.op == Op::put ? "p." + std::to_string(next_value_++) : "";
  } else {
    if (rng_.chance(0.2)) wander(client);
    client.now = draw(c);
    if (client.now.key.front() == expiring_kind) {
      client.recorded = false;
      client.now.op = rng_.chance(climate_.reads) ? Op::get : Op::put;
    }
  }
  client.now.client = client.number;
  client.now.call_ns = schedule_.now();
  client.stage = client.now.op == Op::cas ? Stage::watch : Stage::act;
  ++client.attempt;
  const std::int64_t patience = around(climate_.patience_ns);
  schedule_.after(patience, [this, c, attempt = client.attempt] {
    if (clients_[c].attempt == attempt && clients_[c].stage != Stage::idle) give_up(c);
  });
  ask(c);
}

Bytes Clients::command(const Client& client) const {
  const Operation& o = client.now;
  if (client.stage == Stage::watch) return kv::watch_version_query(o.key);
  if (client.stage == Stage::look) return kv::encode(kv::Argv{"GET", o.key});
  switch (o.op) {
    case Op::get:
      return kv::encode(kv::Argv{"GET", o.key});
    case Op::put:
      if (!client.recorded) return kv::encode(kv::Argv{"SET", o.key, "some", "PX", "700"});
      return kv::encode(kv::Argv{"SET", o.key, o.value});
    case Op::incr:
      return kv::encode(kv::Argv{"INCR", o.key});
    case Op::del:
      return kv::encode(kv::Argv{"DEL", o.key});
    case Op::append:
      return kv::encode(kv::Argv{"APPEND", o.key, o.value});
    case Op::cas:
      break;
  }
  kv::Transaction transaction;
  transaction.watches.push_back({o.key, client.seen_present, client.seen_at});
  transaction.commands.push_back({"SET", o.key, o.value});
  return kv::encode(transaction);
}

void Clients::ask(std::size_t c) {
  Client& client = clients_[c];
  node::ClientRequest request;
  request.tag = ++next_tag_;
  request.vshard = vshard(client.now.key);
  request.write = client.stage == Stage::act && writes(client.now.op);
  request.command = Blob(command(client));
  request.timeout_ns = climate_.request_timeout_ns;
  client.tag = request.tag;
  waiting_[request.tag] = c;
  schedule_.after(rng_.between(10 * ns_per_us, ns_per_ms), [this, c, request = std::move(request)]() mutable {
    const std::uint64_t tag = request.tag;
    if (clients_[c].tag != tag) return;
    if (servers_.request(clients_[c].node, std::move(request))) return;
    waiting_.erase(tag);
    clients_[c].tag = 0;
    wander(clients_[c]);
    finish(c, Status::fail);
  });
}

void Clients::give_up(std::size_t c) {
  Client& client = clients_[c];
  waiting_.erase(std::exchange(client.tag, 0));
  const bool harmless = client.stage != Stage::act || !writes(client.now.op);
  wander(client);
  finish(c, harmless ? Status::fail : Status::info);
}

void Clients::broken(std::size_t node) {
  for (std::size_t c = 0; c < clients_.size(); ++c) {
    if (clients_[c].node == node && clients_[c].tag != 0) give_up(c);
  }
}

void Clients::answered(node::ClientReply reply) {
  schedule_.after(rng_.between(10 * ns_per_us, ns_per_ms),
                  [this, tag = reply.tag, result = std::move(reply.result)] {
                    const auto at = waiting_.find(tag);
                    if (at == waiting_.end()) return;
                    const std::size_t c = at->second;
                    waiting_.erase(at);
                    clients_[c].tag = 0;
                    arrived(c, result);
                  });
}

void Clients::arrived(std::size_t c, const Result<Blob>& result) {
  Client& client = clients_[c];
  if (result) {
    schedule_.note(result->view());
    ++answers_;
    return took_reply(c, result->view());
  }
  schedule_.note(static_cast<std::uint64_t>(result.error().code));
  schedule_.mark("answer-" + std::string(name(result.error().code)));
  if (rng_.chance(0.5)) wander(client);
  const bool harmless = client.stage != Stage::act || !writes(client.now.op);
  finish(c, harmless || effect(result.error().code) == Effect::no ? Status::fail : Status::info);
}

/// The two looks before a conditional write: first the key's version, then its value.
void Clients::looked(std::size_t c, BytesView bytes) {
  Client& client = clients_[c];
  const auto reply = kv::decode_reply(bytes);
  if (!reply || reply->is_error()) {
    oracle_.complain("C8", "a read answered " + (reply ? reply->text : reply.error().detail));
    return finish(c, Status::fail);
  }
  if (client.stage == Stage::watch) {
    const auto version = kv::watch_version(*reply);
    if (!version) return finish(c, Status::fail);
    client.seen_present = version->present;
    client.seen_at = version->token;
    client.stage = Stage::look;
    return ask(c);
  }
  client.now.expect =
      reply->kind == kv::Reply::Kind::bulk && rng_.chance(0.9) ? reply->text : "no such value";
  if (reply->kind == kv::Reply::Kind::bulk && reply->text == client.now.expect) {
    client.stage = Stage::act;
    return ask(c);
  }
  client.now.swapped = false;
  finish(c, Status::ok);
}

void Clients::took_reply(std::size_t c, BytesView bytes) {
  Client& client = clients_[c];
  if (client.stage != Stage::act) return looked(c, bytes);
  const auto reply = kv::decode_reply(bytes);
  if (!reply || reply->is_error()) {
    oracle_.complain("C8", "a command answered " + (reply ? reply->text : reply.error().detail));
    return finish(c, Status::info);
  }
  Operation& o = client.now;
  o.number = reply->number;
  o.read.reset();
  if (o.op == Op::get && reply->kind == kv::Reply::Kind::bulk) o.read = reply->text;
  if (o.op == Op::cas) {
    // Null: the key was touched since; nobody can say that it held another value at one instant.
    if (reply->kind != kv::Reply::Kind::array) return finish(c, Status::fail);
    o.swapped = true;
  }
  finish(c, Status::ok);
}

void Clients::finish(std::size_t c, Status status) {
  Client& client = clients_[c];
  Operation& o = client.now;
  o.status = status;
  o.return_ns = schedule_.now();
  if (client.kind != Kind::drawn && status == Status::ok) client.list.pop_back();
  // A conditional write that never came to its condition has nothing to tell.
  const bool telling = o.op != Op::cas || client.stage == Stage::act || status == Status::ok;
  if (client.recorded && telling) history_.push_back(o);
  if (status == Status::info) schedule_.mark("unknown-outcome");
  if (o.op == Op::cas && status == Status::ok) schedule_.mark(o.swapped ? "cas-swapped" : "cas-refused");
  if (status == Status::info) client.number = next_number_++;
  think(c);
}

std::string Clients::fresh_key(char kind, VShardId wanted) {
  std::string key = next_key(kind);
  while (vshard(key) != wanted) key = next_key(kind);
  return key;
}

std::size_t Clients::add_lister(Kind kind, std::size_t node, std::vector<Operation> list) {
  Client client;
  client.number = next_number_++;
  client.node = node;
  client.kind = kind;
  client.list = std::move(list);
  clients_.push_back(std::move(client));
  return clients_.size() - 1;
}

void Clients::bear_witness(VShardId vshard, std::size_t node, std::int64_t for_ns) {
  constexpr std::size_t reads = 24;
  constexpr std::int64_t writers = 8;
  Operation look;
  look.key = fresh_key('w', vshard);
  Operation write = look;
  write.op = Op::put;
  think(add_lister(Kind::witness, node, std::vector(reads, look)));
  for (std::int64_t i = 0; i < writers; ++i) {
    const std::size_t elsewhere = (node + 1 + rng_.below(climate_.nodes - 1)) % climate_.nodes;
    const std::size_t writer = add_lister(Kind::witness, elsewhere, {write});
    schedule_.after(for_ns * i / writers, [this, writer] { think(writer); });
  }
}

void Clients::probe(const std::vector<std::size_t>& nodes) {
  std::vector<std::string> fresh;
  for (std::uint16_t v = 0; v < climate_.vshards; ++v) fresh.push_back(fresh_key('p', VShardId(v)));
  for (const std::size_t node : nodes) {
    std::vector<Operation> list;
    for (const std::string& key : keys_) {
      if (key.front() == expiring_kind) continue;
      list.emplace_back();
      list.back().key = key;
    }
    for (const std::string& key : fresh) {
      list.emplace_back();
      list.back().op = Op::put;
      list.back().key = key;
    }
    think(add_lister(Kind::probe, node, std::move(list)));
  }
}

std::size_t Clients::probing() const {
  std::size_t count = 0;
  for (const Client& client : clients_) count += client.kind == Kind::probe ? client.list.size() : 0;
  return count;
}

std::string Clients::probe_text() const {
  for (const Client& client : clients_) {
    if (client.kind != Kind::probe || client.list.empty()) continue;
    const Operation& o = client.list.back();
    return (o.op == Op::put ? "write to vShard " : "read of vShard ") + std::to_string(vshard(o.key).value) +
           " through node " + std::to_string(client.node + 1);
  }
  return "nothing";
}

void Clients::judge(Report& report) {
  report.history = history();
  if (oracle_.violation()) return;
  history::Judgement judgement = history::check_linearizable(report.history, {.states_max = 300'000});
  report.search_states = judgement.states;
  if (judgement.kind == history::Judgement::Kind::violated) {
    oracle_.complain("R8", "the history of key " + judgement.key + " is not linearizable");
    report.witness = std::move(judgement.witness);
  }
  if (judgement.kind == history::Judgement::Kind::undecided) report.undecided = judgement.key;
}

History Clients::history() const {
  History all = history_;
  for (const Client& client : clients_) {
    if (client.stage != Stage::act || !client.recorded) continue;
    all.push_back(client.now);
    all.back().status = Status::info;
  }
  return all;
}

}  // namespace nodedb::sim
