// SPDX-License-Identifier: Apache-2.0
#include "app/front.h"

#include <algorithm>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>

#include "app/authorities_file.h"
#include "app/certificate_life.h"
#include "app/front_figures.h"
#include "app/http_port.h"
#include "app/key_desk.h"
#include "app/newcomers.h"
#include "app/operator_events.h"
#include "app/path_log.h"
#include "app/random.h"
#include "app/vitals_keeper.h"
#include "edge/base/clock.h"
#include "edge/base/log.h"
#include "edge/loop/client_door.h"
#include "edge/loop/peer_door.h"
#include "edge/quic/transport.h"

namespace nodedb::app {

namespace {

/// In the tags of what those around the node ask it.
constexpr std::uint64_t question_bit = std::uint64_t{1} << 61;
constexpr auto door_round = std::chrono::milliseconds(1);
constexpr std::size_t send_queue_bytes_min = 1024 * 1024;
}  // namespace

struct Front::Impl final : ClientDesk {
  Impl(asio::io_context& on, const Config& given, edge::CoreInbox& to_core)
      : loop(on),
        config(given),
        core(to_core),
        door(to_core),
        client_door(to_core, config.memory().of(Consumer::inbox) / inbox_parts, config.queue_time_ns),
        patience(loop),
        door_timer(loop),
        path_log(loop),
        certificates(loop, {given.certs, given.ca_key},
                     [this](node::Event event) { this->to_core(std::move(event)); }),
        vitals(loop, given.data),
        inbox(edge::net_inbox_max, [this] { asio::post(loop, [this] { deliver(); }); }) {}

  Result<void> open(const FrontOptions& options) {
    quic::TransportOptions transport_options;
    transport_options.listen = config.listen;
    transport_options.certs = config.certs;
    transport_options.cluster = options.cluster;
    transport_options.reset_secret = options.reset_secret;
    auto opened = quic::Transport::open(loop, std::move(transport_options), callbacks());
    if (!opened) return std::unexpected(opened.error());
    transport = std::move(*opened);

    std::vector<std::string> others = config.seeds;
    std::erase(others, config.advertise.empty() ? config.listen : config.advertise);
    transport->set_seeds(others);

    outside = options.outside;
    if (outside.clients) {
      auto client_side = outside.clients(loop, *this);
      if (!client_side) return std::unexpected(client_side.error());
      clients = std::move(*client_side);
    }
    memory_use = options.memory_use;
    if (auto opened_http = open_http(options); !opened_http) return opened_http;
    limit_send_queues(others.size());
    certificates.start(*transport, clients.get(), Rng(random_seed()));
    // After all that the loop has ready: one step for all.
    core.set_offered([this] { asio::post(loop, [this] { core.step_offered(); }); });
    vitals.start(transport->self().node,
                 [this](const Uuid& peer, const wire::Vitals& told) { transport->send(peer, told); });
    return {};
  }

  Result<void> open_http(const FrontOptions& options) {
    if (config.http.empty()) return {};
    auto opened = HttpPort::open(loop, config.http,
                                 {config.data, [this](node::GetStatus ask) { return core.offer(ask); },
                                  [this] { return figures(); }, options.step_began});
    if (!opened) return std::unexpected(opened.error());
    http = std::move(*opened);
    return {};
  }

  quic::TransportCallbacks callbacks() {
    quic::TransportCallbacks made;
    // Connections come and go rarely, and the core must not miss one.
    made.connected = [this](const Uuid& peer, const std::string& dialled) {
      core.report(node::PeerConnected{peer, dialled});
    };
    made.disconnected = [this](const Uuid& peer) { core.report(node::PeerDisconnected{peer}); };
    made.received = [this](const Uuid& peer, wire::PeerMessage message) {
      if (certificates.received(peer, message) || vitals.received(peer, message)) return;
      if (door.take({peer, std::move(message)}) || paused) return;
      transport->pause_reading(true);
      paused = true;
    };
    made.told_removed = [this](const Uuid& by) {
      to_core(node::FromPeer{by, wire::Founded{false, "it refuses this node", true}});
    };
    made.join_request = [this](std::uint64_t id, quic::JoinAsk ask) { ask_to_join(id, std::move(ask)); };
    made.turned_away = [this](const std::string& who, const std::string& why) {
      to_core(node::DoorNote{who, "turned away: " + who + ": " + why});
    };
    made.operator_request = [this](std::uint64_t id, const std::string& name, const Bytes& request) {
      answer_operator(id, name, request);
    };
    return made;
  }

  void ask_to_join(std::uint64_t id, quic::JoinAsk ask) {
    auto asked = newcomers.ask(id, std::move(ask));
    if (const auto* refused = std::get_if<wire::JoinAnswer>(&asked))
      return transport->answer_join(id, *refused);
    const auto& claim = std::get<node::ClaimToken>(asked);
    if (!core.offer(claim)) transport->answer_join(id, newcomers.busy(claim.tag).answer);
  }

  void deliver(const node::OperatorReply& reply) {
    if ((reply.tag & HttpPort::tag_bit) != 0) return http->answered(reply);
    if ((reply.tag & question_bit) != 0) return answer_question(reply);
    if ((reply.tag & Newcomers::tag_bit) == 0)
      return transport->answer_operator(reply.tag, encode_answer(reply.result, surroundings(parts())));
    Result<node::TokenClaimed> claimed = fail(Code::invalid_state, "another answer than was asked for");
    if (!reply.result) {
      claimed = std::unexpected(reply.result.error());
    } else if (const auto* let_in = std::get_if<node::TokenClaimed>(&*reply.result)) {
      claimed = *let_in;
    }
    std::vector<Bytes> authorities;
    for (const tls::CertificateFacts& one : transport->credentials().authorities())
      authorities.push_back(one.der);
    if (const auto decided = newcomers.decided(reply.tag, claimed, std::move(authorities)))
      transport->answer_join(decided->id, decided->answer);
  }

  /// What certificates ask of the core. It hears of a note if it has the time.
  void to_core(node::Event event) {
    if (std::holds_alternative<node::DoorNote>(event))
      static_cast<void>(core.offer(std::move(event)));
    else
      core.report(std::move(event));
  }

  void answer_operator(std::uint64_t id, const std::string& name, const Bytes& request) {
    auto parsed = parse_request(request);
    if (!parsed) return refuse_operator(id, parsed.error());
    if (const auto judged = judge_authority(*parsed); !judged) return refuse_operator(id, judged.error());
    if (auto* keys_asked = std::get_if<KeyRequest>(&*parsed))
      return ask_for_keys(id, name, std::move(*keys_asked));
    if (!core.offer(event_of(*parsed, id, name))) refuse_operator(id, {Code::busy, "too much is waiting"});
  }

  void refuse_operator(std::uint64_t id, Error why) {
    transport->answer_operator(id, encode_answer(Result<Json>(std::unexpected(std::move(why)))));
  }

  /// A write leaves its line in the audit log first: what nobody can look up is not done.
  void ask_for_keys(std::uint64_t id, const std::string& name, KeyRequest request) {
    if (!outside.key_values)
      return refuse_operator(id,
                             {Code::unsupported, "the state machine of this node is not the key-value one"});
    const auto note = audit_text(request);
    if (!note) return keys.ask(id, std::move(request));
    ask(
        [&](std::uint64_t tag) {
          return node::NoteDown{tag, name, *note};
        },
        [this, id, request = std::move(request)](const node::OperatorReply& noted) mutable {
          if (!noted.result) return refuse_operator(id, noted.result.error());
          keys.ask(id, std::move(request));
        });
  }

  /// Of an authority that is to be trusted the certificate is judged here: core reads none.
  Result<void> judge_authority(const OperatorRequest& request) const {
    const auto* change = std::get_if<AskAdminister>(&request);
    const auto* stage = change != nullptr ? std::get_if<meta::AuthorityStage>(&change->entry) : nullptr;
    if (stage == nullptr) return {};
    return check_authority(stage->certificate, stage->authority, transport->self().cluster);
  }

  /// A client's command, on its way to the core.
  void submit(node::ClientRequest request) override {
    const std::uint64_t tag = request.tag;
    vitals.asked(tag);
    if (client_door.take(std::move(request))) return watch_door();
    asio::post(loop, [this, tag] { complete({tag, fail(Code::busy, "too many requests are waiting")}); });
  }

  MemoryTable memory() const override { return memory_table(parts()); }

  /// Those that waited go in as far as there is room, or have waited for too long.
  void open_door() {
    for (const std::uint64_t tag : client_door.retry(edge::monotonic_time()))
      complete({tag, fail(Code::busy, "the request waited too long for this node")});
    watch_door();
  }

  void complete(node::ClientReply reply) {
    requests.ended(reply.result);
    vitals.answered(reply.tag);
    if ((reply.tag & KeyDesk::tag_bit) != 0) return keys.completed(reply);
    clients->completed(std::move(reply));
  }

  void tell(const RequestPath& path) {
    // The program around the node does with its own traces what it likes.
    if (path.slow || !outside.path) path_log.told(path, path.answered);
    if (outside.path) outside.path(path);
  }

  void ask(const Question& question, OnReply then) {
    const std::uint64_t tag = ++last_question;
    if (closed || !core.offer(question(tag)))
      return then(
          {tag, closed ? fail(Code::stopping, "the node stops") : fail(Code::busy, "too much is waiting")});
    questions.emplace(tag, std::move(then));
  }

  void answer_question(const node::OperatorReply& reply) {
    auto asked = questions.extract(reply.tag);
    if (!asked.empty()) asked.mapped()(reply);
  }

  /// The core does not always tell when it has worked.
  void watch_door() {
    if (client_door.empty() || std::exchange(watching_door, true)) return;
    door_timer.expires_after(door_round);
    door_timer.async_wait([this](const std::error_code& cancelled) {
      watching_door = false;
      if (!cancelled && !closed) open_door();
    });
  }

  /// Peers share what all may hold. A peer's log has half of its share, requests a quarter, and what is on
  /// control is small; large answers, nearly all that is on bulk, have a share of their own.
  void limit_send_queues(std::size_t peers) {
    const auto each = [&](Consumer consumer) {
      return config.memory().of(consumer) / std::max<std::size_t>(1, peers);
    };
    transport->limit_send_queues({std::clamp<std::uint64_t>(each(Consumer::peers) / 2, send_queue_bytes_min,
                                                            limits::send_queue_bytes_max),
                                  std::max<std::uint64_t>(each(Consumer::answers), send_queue_bytes_min)});
  }

  FrontParts parts() const {
    return {config, *transport, clients.get(), client_door, memory_use ? memory_use() : MemoryUse{}};
  }

  NodeFigures figures() const {
    NodeFigures made;
    made.around = surroundings(parts());
    made.requests = requests;
    made.slow_requests = path_log.slow_requests();
    if (clients) made.clients = clients->counts();
    made.vitals = vitals.known();
    made.answer_times = vitals.answer_times();
    made.peer_pauses = pauses;
    made.started_ms = started_ms;
    made.version = NODEDB_VERSION;
    return made;
  }

  void send(const wire::Outbound& one) {
    if (transport->send(one.to, one.message)) return;
    const auto* large = std::get_if<wire::LargeReply>(&one.message);
    if (large == nullptr) return;
    // Said on another stream, it has room. Without it whoever waits would do so until a time-out.
    wire::ForwardReply instead;
    instead.request = large->reply.request;
    instead.incarnation = large->reply.incarnation;
    instead.group = large->reply.group;
    instead.result = fail(Code::unreachable, "too many bytes of answers are on their way");
    transport->send(one.to, wire::ForwardBundle{{}, {std::move(instead)}});
  }

  /// What the core and the disk thread have handed over.
  void deliver() {
    if (closed) return;
    for (edge::ToNet& out : inbox.take_all(long_ago)) {
      if (out.routing) set_routing(std::move(out.routing));
      if (out.peers) set_peers(*out.peers);
      if (out.trust) certificates.admit(std::move(*out.trust));
      for (const wire::Outbound& one : out.messages) send(one);
      for (const RequestPath& path : out.paths) tell(path);
      for (node::ClientReply& reply : out.replies) complete(std::move(reply));
      for (const node::OperatorReply& reply : out.operator_replies) deliver(reply);
      if (http) http->noted(out.notices);
      if (out.drained && stopping) close();
      if (out.retired && !closed) {
        retired = true;
        if (outside.retired) outside.retired();
        close();
      }
      if (closed) return;
    }
    if (!client_door.empty()) open_door();
    if (paused && door.retry()) {
      paused = false;
      transport->pause_reading(false);
      log::warn("the node could not keep up; peers had to wait", {{"times", ++pauses}});
    }
  }

  void set_routing(std::shared_ptr<const node::Routing> routing) {
    // From now on the member table says where the others are. Whoever else has a certificate of this cluster
    // may still connect, to join; the core listens to nothing else that it says.
    if (!std::exchange(routed, true)) transport->set_seeds({});
    if (outside.serves) outside.serves(*routing);
    if (clients) clients->set_routing(std::move(routing));
  }

  void set_peers(const std::vector<node::Peer>& peers) {
    std::vector<quic::PeerAddress> addresses;
    std::vector<Uuid> uuids;
    for (const node::Peer& peer : peers) {
      addresses.push_back({peer.uuid, peer.address});
      uuids.push_back(peer.uuid);
    }
    vitals.set_peers(std::move(uuids));
    limit_send_queues(addresses.size());
    std::vector<std::string> members{config.advertise.empty() ? config.listen : config.advertise};
    for (const node::Peer& peer : peers) members.push_back(peer.address);
    newcomers.set_members(std::move(members));
    transport->set_peers(std::move(addresses));
  }

  void drain() {
    if (std::exchange(stopping, true) || closed) return;
    core.report(node::Drain{});
    patience.expires_after(std::chrono::nanoseconds(config.drain_timeout_ns));
    patience.async_wait([this](const std::error_code& cancelled) {
      if (cancelled || closed) return;
      log::warn("some leaderships could not be handed over in time; stopping all the same");
      close();
    });
  }

  void close() {
    closed = true;
    patience.cancel();
    door_timer.cancel();
    path_log.stop();
    certificates.stop();
    vitals.stop();
    if (clients) clients->close();
    for (auto& [tag, then] : std::exchange(questions, {}))
      then({tag, fail(Code::timeout, "the node has stopped before it was answered")});
    if (http) http->stop();
    transport->close();
    // Lets the farewells go out before the loop ends.
    asio::post(loop, [this] { loop.stop(); });
  }

  asio::io_context& loop;
  Config config;
  edge::CoreInbox& core;
  edge::PeerDoor door;
  edge::ClientDoor client_door;
  asio::steady_timer patience;
  asio::steady_timer door_timer;
  PathLog path_log;
  CertificateLife certificates;
  VitalsKeeper vitals;
  Newcomers newcomers{certificates};
  std::unique_ptr<quic::Transport> transport;
  Outside outside;
  std::unique_ptr<ClientPort> clients;  ///< null: there is none
  KeyDesk keys{*this, config.request_timeout_ns, [this](std::uint64_t id, const Result<Json>& answer) {
                 transport->answer_operator(id, encode_answer(answer));
               }};
  std::unique_ptr<HttpPort> http;  ///< null without an address for it
  RequestCounts requests;
  std::map<std::uint64_t, OnReply> questions;  ///< of who is around the node, by tag
  std::uint64_t last_question = question_bit;
  std::int64_t started_ms = edge::wall_time().ns / ns_per_ms;
  std::function<MemoryUse()> memory_use;
  bool watching_door = false;
  bool routed = false;    ///< group 0 has said who the members are
  bool stopping = false;  ///< it drains
  bool closed = false;
  bool retired = false;  ///< for ever, by group 0
  bool paused = false;   ///< peers' messages wait at the door
  std::uint64_t pauses = 0;
  edge::NetInbox inbox;
};

Front::Front(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Front::~Front() = default;

Result<std::unique_ptr<Front>> Front::open(asio::io_context& loop, const Config& config,
                                           const FrontOptions& options, edge::CoreInbox& core) {
  auto impl = std::make_unique<Impl>(loop, config, core);
  if (auto opened = impl->open(options); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Front>(new Front(std::move(impl)));
}

edge::NetInbox& Front::inbox() {
  return impl_->inbox;
}

void Front::ask(const Question& question, OnReply then) {
  impl_->ask(question, std::move(then));
}

void Front::drain() {
  impl_->drain();
}

void Front::reload_certificates() {
  impl_->certificates.reload_and_tell();
}

bool Front::retired() const {
  return impl_->retired;
}

}  // namespace nodedb::app
