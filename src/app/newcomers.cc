// SPDX-License-Identifier: Apache-2.0
#include "app/newcomers.h"

#include <ctime>
#include <utility>

#include "base/limits.h"
#include "base/time.h"

namespace nodedb::app {

namespace {

/// From an hour ago, as clocks differ.
tls::Validity from_now(std::int64_t lifetime_ns) {
  const std::int64_t now_s = std::time(nullptr);
  return {now_s - 3600, now_s + lifetime_ns / ns_per_s};
}

wire::JoinAnswer refusal(Error error, std::vector<std::string> elsewhere = {}) {
  if (elsewhere.size() > limits::nodes_max) elsewhere.resize(limits::nodes_max);
  return wire::JoinRefusal{std::move(error), std::move(elsewhere)};
}

}  // namespace

Result<Newcomers> Newcomers::open(const std::string& key_file, const std::string& authorities_file) {
  Newcomers made;
  if (key_file.empty()) return made;
  auto authority = tls::Authority::load(key_file, authorities_file);
  if (!authority) return std::unexpected(authority.error());
  made.authority_.emplace(std::move(*authority));
  return made;
}

std::variant<node::ClaimToken, wire::JoinAnswer> Newcomers::ask(std::uint64_t id, quic::JoinAsk ask) {
  if (!authority_) {
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
  const auto certificate = authority_->sign(
      ask.signing_request, {ask.node, ask.name, ask.hosts, from_now(claimed->certificate_lifetime_ns)});
  if (!certificate) {
    out.answer = refusal(certificate.error());
    return out;
  }
  out.answer = wire::JoinGrant{authority_->cluster(), *certificate, std::move(authorities), members_};
  return out;
}

Newcomers::Decided Newcomers::busy(std::uint64_t tag) {
  waiting_.erase(tag);
  return {tag & ~tag_bit, refusal({Code::busy, "too much is waiting: ask again"}, members_)};
}

}  // namespace nodedb::app
