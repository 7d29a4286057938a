// SPDX-License-Identifier: Apache-2.0
#include "edge/tls/identity.h"

#include <algorithm>

namespace nodedb::tls {
namespace {

constexpr std::string_view scheme = "nodedb://";
constexpr std::size_t uuid_chars = 36;
constexpr std::size_t name_chars_max = 64;

bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// A UUID in its one accepted spelling.
Result<Uuid> parse_uuid(BytesView text) {
  auto parsed = Uuid::parse(text);
  if (!parsed) return parsed;
  if (parsed->text() != text) return fail(Code::malformed, "a UUID must be written in lower case");
  if (parsed->is_nil()) return fail(Code::malformed, "the nil UUID names nobody");
  return parsed;
}

bool take_prefix(BytesView& text, BytesView prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Result<PeerIdentity> parse_subject(Uuid cluster, BytesView rest) {
  PeerIdentity identity{cluster, Role::authority, {}, {}};
  if (rest == "/ca") return identity;
  if (take_prefix(rest, "/node/")) {
    auto node = parse_uuid(rest);
    if (!node) return std::unexpected(node.error());
    identity.role = Role::node;
    identity.node = *node;
    return identity;
  }
  if (take_prefix(rest, "/operator/")) {
    identity.role = Role::operator_;
  } else if (take_prefix(rest, "/client/")) {
    identity.role = Role::client;
  } else {
    return fail(Code::malformed, "the certificate's URI has an unknown role");
  }
  if (!valid_name(rest)) return fail(Code::malformed, "the certificate's URI has a bad name");
  identity.name = std::string(rest);
  return identity;
}

}  // namespace

std::string_view name(Role role) {
  switch (role) {
    case Role::authority:
      return "ca";
    case Role::node:
      return "node";
    case Role::operator_:
      return "operator";
    case Role::client:
      return "client";
  }
  return "?";
}

bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > name_chars_max || name[0] == '.' || name[0] == '-') return false;
  return std::ranges::all_of(name,
                             [](char c) { return letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

std::string uri(const PeerIdentity& identity) {
  std::string text = std::string(scheme) + identity.cluster.text() + "/" + std::string(name(identity.role));
  switch (identity.role) {
    case Role::authority:
      return text;
    case Role::node:
      return text + "/" + identity.node.text();
    case Role::operator_:
    case Role::client:
      return text + "/" + identity.name;
  }
  return text;
}

Result<PeerIdentity> parse_identity(BytesView uri) {
  if (!take_prefix(uri, scheme))
    return fail(Code::malformed, "the certificate's URI does not begin with nodedb://");
  if (uri.size() < uuid_chars) return fail(Code::malformed, "the certificate's URI is too short");
  auto cluster = parse_uuid(uri.substr(0, uuid_chars));
  if (!cluster) return std::unexpected(cluster.error());
  return parse_subject(*cluster, uri.substr(uuid_chars));
}

}  // namespace nodedb::tls
