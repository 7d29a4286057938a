// SPDX-License-Identifier: Apache-2.0
#include "app/newcomers.h"

#include <utility>

#include "base/limits.h"

namespace nodedb::app {

namespace {

wire::JoinAnswer refusal(Error error, std::vector<std::string> elsewhere = {}) {
  if (elsewhere.size() > limits::nodes_max) elsewhere.resize(limits::nodes_max);
  return wire::JoinRefusal{std::move(error), std::move(elsewhere)};
}

}  // namespace

std::variant<node::ClaimToken, wire::JoinAnswer> Newcomers::ask(std::uint64_t id, quic::JoinAsk ask) {
  if (certificates_.authority() == nullptr) {
    return refusal({Code::unsupported, "this node was not given the CA's key (--ca-key): ask one that was"},
                   members_);
  }
  node::ClaimToken event{id | tag_bit, {ask.token, ask.secret, ask.node, ask.name}, ask.from};
  waiting_.insert_or_assign(event.tag, std::move(ask));
  return event;
}

std::optional<Newcomers::Decided> Newcomers::decided(std::uint64_t tag,
                                                     const Result<node::TokenClaimed>& claimed,
                                                     std::vector<Bytes> authorities) {
  const auto at = waiting_.find(tag);
  if (at == waiting_.end()) return std::nullopt;
  const quic::JoinAsk ask = std::move(at->second);
  waiting_.erase(at);
  Decided out{tag & ~tag_bit, {}};
  if (!claimed) {
    out.answer = refusal(claimed.error());
    return out;
  }
  const auto certificate = certificates_.sign(ask.signing_request, {ask.node, ask.name, ask.hosts, {}});
  if (!certificate) {
    out.answer = refusal(certificate.error());
    return out;
  }
  out.answer =
      wire::JoinGrant{certificates_.authority()->cluster(), *certificate, std::move(authorities), members_};
  return out;
}

Newcomers::Decided Newcomers::busy(std::uint64_t tag) {
  waiting_.erase(tag);
  return {tag & ~tag_bit, refusal({Code::busy, "too much is waiting: ask again"}, members_)};
}

}  // namespace nodedb::app
