// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/member.h"

#include <algorithm>

#include "base/check.h"
#include "node/namespaces.h"
#include "tests/unit/node/founder.h"
#include "wire/peer_codec.h"

namespace nodedb::bench {

namespace {

constexpr std::size_t frame_payload_bytes = 64 * 1024;  // as edge/quic cuts bundles

class UncountedView final : public View {
 public:
  explicit UncountedView(std::unique_ptr<View> view) : view_(std::move(view)) {}
  std::optional<Bytes> get(BytesView key) const override {
    const Meter::Pause pause;
    return view_->get(key);
  }
  std::unique_ptr<Cursor> seek(BytesView from) const override {
    const Meter::Pause pause;
    return view_->seek(from);
  }

 private:
  std::unique_ptr<View> view_;
};

node::Node make_node(std::uint8_t number, Now now) {
  node::Options options = node::founder_options(number, vshard_count);
  options.check_command = kv::check_entry;
  options.rebalance_after_ns = 0;
  return node::Node::create(options, node::founder_boot(number, vshard_count), Rng(number), now).value();
}

}  // namespace

std::unique_ptr<View> Store::view(GroupId group) {
  const Meter::Pause pause;
  return std::make_unique<UncountedView>(MemoryStore::view(group));
}

Result<void> Store::write(std::vector<node::GroupStateUpdate> updates) {
  const Meter::Pause pause;
  return MemoryStore::write(std::move(updates));
}

Member::Member(std::size_t place, Now now)
    : node_(make_node(static_cast<std::uint8_t>(place + 1), now)),
      readers_(3, wire::FrameReader(limits::frame_bytes_max)) {
  node::GroupStateUpdate genesis{metadata_group, {}, node::birth};
  for (const Put& row : meta::rows_of(node::genesis(vshard_count)))
    genesis.writes.push_back(node::to_stored(row));
  CHECK(store_.write({std::move(genesis)}).has_value());
  for (Connection& connection : connections_) connection.session = &clients_.open("client", "node", now.mono);
}

void Member::call(std::uint64_t tag, resp::VShardCall call) {
  happened(node::ClientRequest{tag, call.vshard, call.write, std::move(call.command), call.timeout_ns, {}});
}

void Member::client_says(std::size_t connection, BytesView bytes) {
  Connection& told = connections_[connection];
  std::ranges::copy(bytes, told.parser.prepare(bytes.size()).begin());
  told.parser.commit(bytes.size());
  told.fed = true;
}

std::size_t Member::clients_heard() {
  constexpr BytesView ok = "+OK\r\n";
  std::size_t heard = 0;
  for (Connection& connection : connections_) {
    Bytes& output = connection.session->pipeline.output();
    CHECK(output.size() % ok.size() == 0 && output.starts_with(output.empty() ? BytesView() : ok));
    heard += output.size() / ok.size();
    output.clear();
  }
  return heard;
}

void Member::read(Now now) {
  for (Connection& connection : connections_) {
    if (!std::exchange(connection.fed, false)) continue;
    while (clients_.may_read(*connection.session) &&
           connection.parser.next() == resp::Parser::Step::command) {
      clients_.execute(*connection.session, connection.parser.argv(), now);
    }
    clients_.measure(*connection.session);
  }
}

void Member::step(Now now) {
  turn_ = node_.step(now, std::exchange(inbox_, {}));
}

void Member::encode() {
  for (std::vector<wire::Outbound>* messages : {&turn_.send_now, &turn_.send_after}) {
    for (const wire::Outbound& out : *messages) {
      Bytes& stream = sent_[out.to.bytes[0] - 1u];
      wire::encode_frames(out.message, frame_payload_bytes, [&](const wire::EncodedMessage& frame) {
        const auto header = wire::frame_header(frame);
        stream.append(header.data(), header.size());
        frame.in_order([&](BytesView own) { stream.append(own); },
                       [&](const Blob& part) { stream.append(part.view()); });
        return true;
      });
    }
    messages->clear();
  }
}

void Member::decode(std::size_t from, BytesView bytes) {
  readers_[from].feed(bytes);
  const Uuid peer = node::uuid(static_cast<std::uint8_t>(from + 1));
  while (true) {
    const auto frame = readers_[from].next();
    CHECK(frame.has_value());
    if (!*frame) return;
    happened(node::FromPeer{peer, wire::decode((*frame)->kind, (*frame)->payload).value()});
  }
}

void Member::make_durable() {
  if (turn_.log) happened(node::LogDurable{turn_.log->id});
  turn_.log.reset();
}

void Member::apply() {
  for (const node::StateTask& task : turn_.tasks) happened(node::FromState{applier_.run(task).value().done});
  turn_.tasks.clear();
}

void Member::reply() {
  for (node::ClientReply& reply : turn_.replies) clients_.completed(reply.tag, std::move(reply.result));
  turn_.replies.clear();
  for (const resp::SessionId touched : clients_.take_touched()) clients_.measure(*clients_.find(touched));
}

}  // namespace nodedb::bench
