// SPDX-License-Identifier: Apache-2.0
#include "edge/quic/join_client.h"

#include <algorithm>
#include <sstream>

#include "edge/disk/files.h"
#include "edge/quic/address.h"
#include "edge/quic/one_call.h"
#include "edge/tls/credentials.h"
#include "edge/tls/digest.h"
#include "edge/tls/files.h"
#include "edge/tls/signing.h"
#include "wire/join_codec.h"

namespace nodedb::quic {
namespace {

constexpr std::size_t attempts_max = 8;

Result<Bytes> key_of(const std::string& directory) {
  auto key = tls::read_secret(directory + "/node.key");
  if (key || key.error().code != Code::not_found) return key;
  auto made = tls::make_key_text();
  if (!made) return made;
  if (auto written = edge::write_file_durably(directory, "node.key", *made); !written)
    return std::unexpected(written.error());
  return made;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

/// What an earlier run has finished; not_found if there is something left to do.
Result<Joined> already_joined(const std::string& directory) {
  if (!edge::exists(directory + "/node.crt")) return fail(Code::not_found, "no certificate yet");
  const auto credentials = tls::Credentials::load(directory, tls::Holder::node);
  if (!credentials) return std::unexpected(credentials.error());
  const auto members = tls::read_file(directory + "/members");
  if (!members && members.error().code != Code::not_found) return std::unexpected(members.error());
  const auto& self = credentials->self();
  return Joined{self.cluster, self.node, lines_of(members.value_or("")), true};
}

/// What the cluster gave must be what was asked for, before any of it is kept.
Result<void> check(const wire::JoinGrant& grant, const JoinPlan& plan, const Uuid& node,
                   const tls::CredentialTexts& texts) {
  const auto bad = [](const std::string& why) {
    return fail(Code::damaged, "what the cluster gave: " + why);
  };
  const auto pinned = [&](const Bytes& der) { return tls::sha256(der) == plan.token.authority; };
  if (std::ranges::none_of(grant.authorities, pinned))
    return bad("the authority that the token pins is not among those to trust");
  const auto known = [](const std::string& address) { return split_host_port(address).has_value(); };
  if (!std::ranges::all_of(grant.members, known)) return bad("a member's address is none");
  const auto credentials = tls::Credentials::make(texts, tls::Holder::node, plan.directory);
  if (!credentials) return bad(credentials.error().detail);
  const auto& self = credentials->self();
  if (self.node != node || self.cluster != grant.cluster) return bad("a certificate for " + tls::uri(self));
  return {};
}

Result<Joined> keep(const wire::JoinGrant& grant, const JoinPlan& plan, const Uuid& node, const Bytes& key) {
  const auto authorities = tls::pem_of(grant.authorities);
  if (!authorities) return std::unexpected(authorities.error());
  const auto certificate = tls::pem_of(std::span(&grant.certificate, 1));
  if (!certificate) return std::unexpected(certificate.error());
  if (auto fine = check(grant, plan, node, {*authorities, *certificate, key}); !fine)
    return std::unexpected(fine.error());
  std::string members;
  for (const auto& address : grant.members) members += address + "\n";
  const std::pair<const char*, const Bytes&> files[] = {
      {"ca.crt", *authorities}, {"members", members}, {"node.crt", *certificate}};
  for (const auto& [name, content] : files) {
    if (auto written = edge::write_file_durably(plan.directory, name, content); !written)
      return std::unexpected(written.error());
  }
  return Joined{grant.cluster, node, grant.members, false};
}

Result<wire::JoinAnswer> ask(const std::string& address, const JoinPlan& plan, const Bytes& request) {
  auto credentials = tls::Credentials::newcomer(plan.token.authority);
  if (!credentials) return std::unexpected(credentials.error());
  const auto answer = call_once({.address = address,
                                 .ask = wire::FrameKind::join_request,
                                 .answer = wire::FrameKind::join_answer,
                                 .request = request,
                                 .answer_bytes_max = wire::join_answer_bytes_max,
                                 .timeout_ns = plan.timeout_ns},
                                std::move(*credentials));
  if (!answer) return std::unexpected(answer.error());
  return wire::decode_join_answer(*answer);
}

}  // namespace

Result<JoinPlan> parse_join_target(const std::string& text) {
  const auto at = text.find('@');
  if (at == std::string::npos) return fail(Code::malformed, "--join takes TOKEN@HOST:PORT");
  const auto token = parse_join_token(BytesView(text).substr(0, at));
  if (!token) return std::unexpected(token.error());
  JoinPlan plan;
  plan.token = *token;
  std::istringstream in(text.substr(at + 1));
  for (std::string address; std::getline(in, address, ',');) {
    if (const auto fine = split_host_port(address); !fine) return std::unexpected(fine.error());
    plan.addresses.push_back(address);
  }
  if (plan.addresses.empty()) return fail(Code::malformed, "--join takes TOKEN@HOST:PORT");
  return plan;
}

Result<Joined> join_by_token(const JoinPlan& plan) {
  if (auto made = edge::make_directory(plan.directory); !made) return std::unexpected(made.error());
  if (auto done = already_joined(plan.directory); done || done.error().code != Code::not_found) return done;
  const auto key = key_of(plan.directory);
  if (!key) return std::unexpected(key.error());
  const auto request = tls::make_signing_request(*key);
  if (!request) return std::unexpected(request.error());
  const Bytes asked = wire::encode(wire::JoinRequest{plan.token.id, plan.token.secret, request->node,
                                                     plan.name, plan.hosts, request->der});
  std::vector<std::string> addresses = plan.addresses;
  Error last{Code::malformed, "no address to join at"};
  for (std::size_t i = 0; i < addresses.size() && i < attempts_max; ++i) {
    const auto answer = ask(addresses[i], plan, asked);
    if (!answer) {
      last = {answer.error().code, addresses[i] + ": " + answer.error().detail};
      continue;
    }
    if (const auto* grant = std::get_if<wire::JoinGrant>(&*answer))
      return keep(*grant, plan, request->node, *key);
    const auto& refusal = std::get<wire::JoinRefusal>(*answer);
    last = {refusal.error.code, addresses[i] + ": " + refusal.error.detail};
    // Who sends us elsewhere could not say; everybody else has spoken for the cluster.
    if (refusal.elsewhere.empty() && retry_advice(last.code) == Retry::never) break;
    for (const auto& address : refusal.elsewhere)
      if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return std::unexpected(last);
}

}  // namespace nodedb::quic
