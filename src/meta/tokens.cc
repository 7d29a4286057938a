// SPDX-License-Identifier: Apache-2.0
// Join tokens: a machine that shows one gets a certificate, once. Group 0 decides, so a token that two
// machines show at once, or one across a crash, admits one of them.
#include <algorithm>

#include "base/limits.h"
#include "base/time.h"
#include "meta/administer.h"
#include "meta/rows.h"
#include "meta/settings.h"

namespace nodedb::meta {

std::string_view name(TokenState state) {
  switch (state) {
    case TokenState::issued:
      return "issued";
    case TokenState::in_flight:
      return "in flight";
    case TokenState::consumed:
      return "consumed";
    case TokenState::revoked:
      return "revoked";
  }
  return "?";
}

namespace {

Step forbidden(std::string why) {
  return refuse(Code::forbidden, std::move(why));
}

// A token that can admit nobody any more is kept only as long as there is room.
bool is_over(const Token& token, std::uint64_t now_ms) {
  return token.state == TokenState::consumed || token.state == TokenState::revoked ||
         token.expires_ms <= now_ms;
}

Step make_room(Draft& draft, std::uint64_t now_ms) {
  auto tokens = draft.all(token_rows, decode_token, "a token");
  if (!tokens) return std::unexpected(tokens.error());
  if (tokens->size() < limits::tokens_max) return {};
  std::ranges::sort(*tokens, {}, [](const Token& token) { return std::pair(token.issued_ms, token.id); });
  const auto oldest =
      std::ranges::find_if(*tokens, [&](const Token& token) { return is_over(token, now_ms); });
  if (oldest == tokens->end()) {
    return refuse(Code::too_large,
                  "there are " + std::to_string(tokens->size()) + " tokens that are still good: revoke some");
  }
  draft.erase(token_key(oldest->id));
  return {};
}

std::expected<std::uint64_t, Refusal> time_to_live_ms(const Draft& draft, const TokenCreate& entry) {
  const SettingInfo& info = *find_setting("token.ttl");
  constexpr std::uint64_t ns_per_ms_unsigned = ns_per_ms;
  if (entry.ttl_ms > static_cast<std::uint64_t>(info.max) / ns_per_ms_unsigned)
    return refuse(Code::too_large, "a token is good for at most " + setting_text(info, info.max));
  if (entry.ttl_ms != 0) return entry.ttl_ms;
  std::int64_t ttl_ns = Settings().token_ttl_ns;
  const Bytes key = setting_key(info.name);
  if (draft.has(key)) {
    const auto row = draft.get(key, decode_setting, "the setting " + std::string(info.name));
    if (!row) return std::unexpected(row.error());
    ttl_ns = settings_in({{row->name, row->value}}).token_ttl_ns;
  }
  return static_cast<std::uint64_t>(ttl_ns / ns_per_ms);
}

}  // namespace

Step create(Draft& draft, const TokenCreate& entry) {
  if (entry.id == TokenId()) return refuse(Code::malformed, "a token needs an id");
  const auto ttl_ms = time_to_live_ms(draft, entry);
  if (!ttl_ms) return std::unexpected(ttl_ms.error());
  const Bytes key = token_key(entry.id);
  if (draft.has(key)) return refuse(Code::conflict, named(entry.id) + " exists already");
  if (auto step = make_room(draft, entry.by.ts_ms); !step) return step;
  draft.put(key, Token{.id = entry.id,
                       .digest = entry.digest,
                       .node_name = entry.node_name,
                       .issued_ms = entry.by.ts_ms,
                       .expires_ms = entry.by.ts_ms + *ttl_ms,
                       .state = TokenState::issued,
                       .holder = {},
                       .issuer = entry.by.actor});
  return {};
}

Step claim(Draft& draft, const TokenClaim& entry) {
  const Bytes key = token_key(entry.id);
  if (!draft.has(key)) return forbidden(named(entry.id) + " is not known here, or its secret is wrong");
  auto token = draft.get(key, decode_token, named(entry.id));
  if (!token) return std::unexpected(token.error());
  if (!same_secret(token->digest, entry.digest))
    return forbidden(named(entry.id) + " is not known here, or its secret is wrong");
  if (entry.node.is_nil()) return refuse(Code::malformed, "a machine without a UUID shows a token");
  const bool again = token->state == TokenState::in_flight && token->holder == entry.node;
  if (token->state == TokenState::revoked) return forbidden(named(entry.id) + " has been revoked");
  if (token->state == TokenState::consumed) return forbidden(named(entry.id) + " has been used");
  if (token->state == TokenState::in_flight && !again && !draft.bugs().token_claimed_twice)
    return forbidden(named(entry.id) + " is being used by another machine");
  if (token->expires_ms <= entry.by.ts_ms) return forbidden(named(entry.id) + " has expired");
  if (!token->node_name.empty() && token->node_name != entry.node_name)
    return forbidden(named(entry.id) + " admits only a node named " + token->node_name);
  token->state = TokenState::in_flight;
  token->holder = entry.node;
  draft.put(key, *token);
  return {};
}

Step revoke(Draft& draft, const TokenRevoke& entry) {
  const Bytes key = token_key(entry.id);
  auto token = draft.get(key, decode_token, named(entry.id));
  if (!token) return std::unexpected(token.error());
  if (token->state == TokenState::revoked) return {};
  if (token->state == TokenState::consumed) {
    return refuse(Code::invalid_state,
                  named(entry.id) + " has been used; a member leaves by nodedb-cluster node decommission");
  }
  token->state = TokenState::revoked;
  draft.put(key, *token);
  return {};
}

Step consume(Draft& draft, const Uuid& node) {
  const auto tokens = draft.all(token_rows, decode_token, "a token");
  if (!tokens) return std::unexpected(tokens.error());
  for (Token token : *tokens) {
    if (token.state != TokenState::in_flight || token.holder != node) continue;
    token.state = TokenState::consumed;
    draft.put(token_key(token.id), token);
  }
  return {};
}

}  // namespace nodedb::meta
