// SPDX-License-Identifier: Apache-2.0
#pragma once

// A node that answers at the join door as the cluster would, with one token and no memory of anything else.

#include <atomic>
#include <functional>
#include <thread>

#include "edge/quic/join_client.h"
#include "edge/tls/digest.h"
#include "edge/tls/signing.h"
#include "tests/edge/quic/world.h"

namespace nodedb::quic {

class Doorkeeper {
 public:
  Doorkeeper(World& world, std::uint64_t number, JoinDoorLimits limits = {})
      : world_(world),
        authority_(*tls::Authority::load(world.path() + "/ca/ca.key", world.path() + "/ca/ca.crt")) {
    auto options = world.options(number);
    options.door = limits;
    node = world.start(options, true);
    node->on_ask = [this](std::uint64_t id, const JoinAsk& ask) {
      if (answering) (*node)->answer_join(id, judge(ask));
    };
    token.id = TokenId(77);
    token.secret.fill(9);
    token.authority = authority_.fingerprint();
  }

  /// What group 0 will do: the token is known, its secret fits, and it is this node's or nobody's.
  wire::JoinAnswer judge(const JoinAsk& ask) {
    if (ask.token != token.id || !same_secret(ask.secret, tls::sha256(token.secret)))
      return wire::JoinRefusal{{Code::not_found, "no such token"}, {}};
    if (taken_by && *taken_by != ask.node)
      return wire::JoinRefusal{{Code::forbidden, "the token was used by another node"}, {}};
    taken_by = ask.node;
    const auto certificate =
        authority_.sign(ask.signing_request, {ask.node, ask.name, ask.hosts, tls::valid_for_days(1)});
    if (!certificate) return wire::JoinRefusal{certificate.error(), {}};
    return wire::JoinGrant{world_.cluster(), *certificate, {authority_.certificate()}, {address()}};
  }

  std::string address() const { return (*node)->local_address(); }
  JoinPlan plan(const std::string& directory) const {
    return {token, {address()}, world_.path() + "/" + directory, "db-9", {"127.0.0.1"}, 5'000'000'000};
  }

  std::unique_ptr<Peer> node;
  JoinToken token;
  std::optional<Uuid> taken_by;
  bool answering = true;

 private:
  World& world_;
  tls::Authority authority_;
};

/// Runs `work` on a thread of its own while the loop runs here.
template <class Work>
void beside(World& world, Work work) {
  std::atomic<bool> done{false};
  std::jthread thread([&] {
    work();
    done = true;
  });
  EXPECT_TRUE(world.until([&] { return done.load(); }, std::chrono::seconds(60)));
}

inline Result<Joined> join(World& world, const JoinPlan& plan) {
  Result<Joined> joined = fail(Code::timeout, "never ran");
  beside(world, [&] { joined = join_by_token(plan); });
  return joined;
}

}  // namespace nodedb::quic
