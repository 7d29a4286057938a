// SPDX-License-Identifier: Apache-2.0
#include "wire/join_codec.h"

#include <algorithm>

#include "base/limits.h"
#include "wire/error_codec.h"
#include "wire/reader.h"
#include "wire/uuid_codec.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

void put_list(Writer& out, const std::vector<std::string>& items) {
  out.varint(items.size());
  for (const auto& item : items) out.bytes(item);
}

std::vector<std::string> get_list(Reader& in, std::size_t count_max, std::size_t bytes_max) {
  std::vector<std::string> items;
  for (std::size_t n = in.count(count_max, 1); n > 0 && in.ok(); --n) items.push_back(in.text(bytes_max));
  return items;
}

JoinGrant get_grant(Reader& in) {
  JoinGrant grant;
  grant.cluster = get_uuid(in);
  grant.certificate = Bytes(in.bytes(certificate_bytes_max));
  grant.authorities = get_list(in, authorities_max, certificate_bytes_max);
  grant.members = get_list(in, limits::nodes_max, limits::address_bytes_max);
  return grant;
}

}  // namespace

Bytes encode(const JoinRequest& request) {
  Bytes payload;
  Writer out(payload);
  out.u64(request.token.value);
  out.raw({reinterpret_cast<const char*>(request.secret.data()), request.secret.size()});
  put_uuid(out, request.node);
  out.bytes(request.name);
  put_list(out, request.hosts);
  out.bytes(request.signing_request);
  return payload;
}

Result<JoinRequest> decode_join_request(BytesView payload) {
  if (payload.size() > join_request_bytes_max)
    return fail(Code::too_large, "the request to join is too large");
  Reader in(payload);
  JoinRequest request;
  request.token = TokenId(in.u64());
  std::ranges::transform(in.raw(request.secret.size()), request.secret.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  request.node = get_uuid(in);
  request.name = in.text(node_name_bytes_max);
  request.hosts = get_list(in, join_hosts_max, host_bytes_max);
  request.signing_request = Bytes(in.bytes(signing_request_bytes_max));
  if (auto whole = in.finish("a request to join"); !whole) return std::unexpected(whole.error());
  return request;
}

Bytes encode(const JoinAnswer& answer) {
  Bytes payload;
  Writer out(payload);
  out.boolean(std::holds_alternative<JoinGrant>(answer));
  if (const auto* grant = std::get_if<JoinGrant>(&answer)) {
    put_uuid(out, grant->cluster);
    out.bytes(grant->certificate);
    put_list(out, grant->authorities);
    put_list(out, grant->members);
  } else if (const auto* refusal = std::get_if<JoinRefusal>(&answer)) {
    put_error(out, refusal->error);
    put_list(out, refusal->elsewhere);
  }
  return payload;
}

Result<JoinAnswer> decode_join_answer(BytesView payload) {
  Reader in(payload);
  JoinAnswer answer;
  if (in.boolean()) {
    answer = get_grant(in);
  } else {
    JoinRefusal refusal{get_error(in), {}};
    refusal.elsewhere = get_list(in, limits::nodes_max, limits::address_bytes_max);
    answer = std::move(refusal);
  }
  if (auto whole = in.finish("an answer to a request to join"); !whole) return std::unexpected(whole.error());
  return answer;
}

}  // namespace nodedb::wire
