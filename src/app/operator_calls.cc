// SPDX-License-Identifier: Apache-2.0
#include "app/operator_calls.h"

#include <future>

#include "edge/quic/operator_client.h"

namespace nodedb::app {

Result<Json> ask(const Operator& from, const OperatorRequest& request) {
  const auto answer = quic::call_operator(from.node, from.certs, encode_request(request), from.timeout_ns);
  if (!answer) {
    Error error = answer.error();
    error.detail = "node " + from.node + ": " + error.detail;
    if (exit_of(error.code) == Exit::unreachable)
      error.detail += "; does it run? another node can be named with --node ADDR";
    return std::unexpected(std::move(error));
  }
  return parse_answer(*answer);
}

Json NodeAnswer::silence_json() const {
  Json made = Json::object();
  made.set("address", address).set("error", status.error().detail).set("code", name(status.error().code));
  return made;
}

Result<std::vector<NodeAnswer>> ask_everybody(const Operator& from, const node::StatusWish& wish) {
  auto first = ask(from, AskStatus{wish});
  if (!first) return std::unexpected(first.error());
  std::vector<std::pair<std::string, std::future<Result<Json>>>> asked;
  for (const Json& member : (*first)["members"].items()) {
    if (member["uuid"].text() == (*first)["uuid"].text()) continue;
    if (member["state"].text() == meta::name(meta::MemberState::retired)) continue;
    Operator other = from;
    other.node = member["quic"].text();
    other.timeout_ns = std::min(from.timeout_ns, 2 * ns_per_s);
    std::string address = other.node;
    asked.emplace_back(std::move(address),
                       std::async(std::launch::async, [other, wish] { return ask(other, AskStatus{wish}); }));
  }
  std::vector<NodeAnswer> answers;
  answers.push_back({from.node, std::move(first)});
  for (auto& [address, answer] : asked) answers.push_back({address, answer.get()});
  return answers;
}

std::unexpected<Error> not_formed(const Operator& from) {
  return fail(Code::not_initialised, "the cluster has not been formed: run nodedb-cluster init --certs " +
                                         from.certs + " --node " + from.node);
}

}  // namespace nodedb::app
