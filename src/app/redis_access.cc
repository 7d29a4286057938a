// SPDX-License-Identifier: Apache-2.0
#include "app/redis_access.h"

#include <iostream>
#include <utility>

#include "app/password_file.h"
#include "app/random.h"

namespace nodedb::app {

namespace {

constexpr std::int64_t knock_patience_ns = 3 * ns_per_s;

/// The Redis addresses of the members, as the node that is asked knows them.
Result<std::vector<std::string>> ask_for_addresses(const Operator& from) {
  const auto status = ask(from, AskStatus{});
  if (!status) return std::unexpected(status.error());
  if ((*status)["cluster"].is_null()) return not_formed(from);
  std::vector<std::string> addresses;
  for (const Json& member : (*status)["members"].items()) {
    const bool retired = member["state"].text() == meta::name(meta::MemberState::retired);
    const std::string address = member["redis"].text();
    if (!retired && !address.empty()) addresses.push_back(address);
  }
  if (addresses.empty())
    return fail(Code::not_found, "no node has a Redis port: start it with --client HOST:PORT");
  return addresses;
}

Result<std::vector<std::string>> addresses_of(const RedisWords& words) {
  if (!words.redis.empty()) return words.redis;
  if (words.from.node.empty() || words.from.certs.empty())
    return fail(Code::malformed,
                "say where: --redis HOST:PORT, or --node and --certs to ask a node for the Redis ports");
  return ask_for_addresses(words.from);
}

Result<void> knock(const load::Server& server, const load::Access& access) {
  load::RedisClient client(server, access, knock_patience_ns);
  const auto answer = client.command({"PING"});
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_error()) return {};
  const bool password = answer->text.starts_with("NOAUTH");
  return fail(password ? Code::unauthenticated : Code::unreachable,
              "Redis port " + server.name + ": " + answer->text +
                  (password ? "; give the password with --password-file" : ""));
}

}  // namespace

Result<RedisAccess> reach_redis(const RedisWords& words) {
  RedisAccess reached;
  if (!words.password_file.empty()) {
    auto password = read_password(words.password_file);
    if (!password) return std::unexpected(password.error());
    reached.access.password = std::move(*password);
  }
  if (words.tls) {
    if (words.from.certs.empty())
      return fail(Code::malformed, "--tls: --certs names the directory of the authority, ca.crt");
    auto trust = resp::TlsTrust::load(words.from.certs + "/ca.crt");
    if (!trust) return std::unexpected(trust.error());
    reached.trust = std::move(*trust);
    reached.access.trust = reached.trust.get();
  }
  const auto addresses = addresses_of(words);
  if (!addresses) return std::unexpected(addresses.error());
  Error last;
  for (const std::string& address : *addresses) {
    auto server = load::find_server(address);
    const auto in = server ? knock(*server, reached.access) : std::unexpected(server.error());
    if (in) {
      reached.access.servers.push_back(std::move(*server));
      continue;
    }
    last = in.error();
    std::cerr << "nodedb-cluster: left out: " << last.detail << "\n";
  }
  if (reached.access.servers.empty()) return std::unexpected(last);
  return reached;
}

std::string run_name() {
  constexpr BytesView letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string name;
  for (std::uint64_t luck = random_seed(); name.size() < 6; luck /= letters.size())
    name += letters[luck % letters.size()];
  return name;
}

}  // namespace nodedb::app
