// SPDX-License-Identifier: Apache-2.0
#include "app/token_commands.h"

#include "app/admin_rows.h"
#include "app/output.h"
#include "app/random.h"
#include "base/join_token.h"
#include "edge/tls/credentials.h"
#include "edge/tls/digest.h"

namespace nodedb::app {

namespace {

JoinToken new_token(const Digest& authority) {
  JoinToken token;
  token.id = TokenId(random_seed());
  random_fill(token.secret);
  token.authority = authority;
  return token;
}

}  // namespace

Exit run_token_create(const Operator& from, const TokenWish& wish, Output output) {
  const auto credentials = tls::Credentials::load(from.certs, tls::Holder::client);
  if (!credentials) return complain(credentials.error());
  const JoinToken token = new_token(credentials->issuer());
  const meta::TokenCreate entry{.id = token.id,
                                .digest = tls::sha256(token.secret),
                                .node_name = wish.node_name,
                                .ttl_ms = static_cast<std::uint64_t>(wish.ttl_ns / ns_per_ms)};
  if (const auto made = ask(from, AskAdminister{entry}); !made) return complain(made.error());
  Json body = Json::object();
  body.set("id", text(token.id)).set("token", text(token));
  return show(body, output,
              text(token) + "\nnext, on the new machine: nodedb-cluster start --join TOKEN@" + from.node +
                  " --data DIR --listen HOST:PORT\n");
}

Exit run_token_list(const Operator& from, Output output) {
  const auto status = ask(from, AskStatus{{.admin = true}});
  if (!status) return complain(status.error());
  const Json& tokens = (*status)["tokens"];
  return show(tokens, output, tokens_table(tokens));
}

Exit run_token_revoke(const Operator& from, const std::string& id, Output output) {
  const auto token = parse_token_id(id);
  if (!token) return complain(token.error());
  const auto done = ask(from, AskAdminister{meta::TokenRevoke{*token}});
  if (!done) return complain(done.error());
  return show(*done, output, "token " + id + " is revoked\n");
}

}  // namespace nodedb::app
