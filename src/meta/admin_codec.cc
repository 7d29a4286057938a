// SPDX-License-Identifier: Apache-2.0
// The bytes of meta/admin.h: entries with version and kind each, and rows.
#include <algorithm>

#include "meta/codec.h"
#include "meta/shapes.h"

namespace nodedb::meta {

Digest get_digest(Fields& in, Trouble& trouble) {
  Digest digest;
  const BytesView bytes = in.bin();
  if (bytes.size() == digest.bytes.size()) {
    std::ranges::transform(bytes, digest.bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  } else if (in.ok()) {
    trouble.refuse(Code::malformed, "a digest has a wrong size");
  }
  return digest;
}

void put_digest(Packer& out, const Digest& digest) {
  out.bin({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

void put(Packer& out, const Stamp& by) {
  out.number(by.ts_ms);
  out.text(by.actor, limits::name_bytes_max);
}

Stamp get_stamp(Fields& in) {
  Stamp by;
  by.ts_ms = in.number<std::uint64_t>();
  by.actor = in.text(limits::name_bytes_max);
  return by;
}

MemberState get_member_state(Fields& in) {
  return static_cast<MemberState>(in.number<std::uint8_t>(static_cast<std::uint8_t>(last_member_state)));
}

// --- entries ---

void put_entry(Packer& out, const MemberJoin& entry) {
  begin(out, Kind::member_join, 3 + stamp_fields);
  out.uuid(entry.uuid);
  out.text(entry.address, limits::address_bytes_max);
  out.text(entry.client_address, limits::address_bytes_max);
  put(out, entry.by);
}

MemberJoin get_member_join(Fields& in) {
  MemberJoin entry;
  entry.uuid = in.uuid();
  entry.address = in.text(limits::address_bytes_max);
  entry.client_address = in.text(limits::address_bytes_max);
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const MemberChange& entry) {
  begin(out, Kind::member_change, 3 + stamp_fields);
  out.number(entry.node.value);
  out.number(static_cast<std::uint64_t>(entry.wanted));
  out.number(entry.successor.value);
  put(out, entry.by);
}

MemberChange get_member_change(Fields& in) {
  MemberChange entry;
  entry.node = NodeId(in.number<std::uint32_t>());
  entry.wanted = get_member_state(in);
  entry.successor = NodeId(in.number<std::uint32_t>());
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const SettingChange& entry) {
  begin(out, Kind::setting_change, 2 + stamp_fields);
  out.text(entry.name, limits::name_bytes_max);
  out.text(entry.value, limits::name_bytes_max);
  put(out, entry.by);
}

SettingChange get_setting_change(Fields& in) {
  SettingChange entry;
  entry.name = in.text(limits::name_bytes_max);
  entry.value = in.text(limits::name_bytes_max);
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const TokenCreate& entry) {
  begin(out, Kind::token_create, 4 + stamp_fields);
  out.number(entry.id.value);
  put_digest(out, entry.digest);
  out.text(entry.node_name, limits::name_bytes_max);
  out.number(entry.ttl_ms);
  put(out, entry.by);
}

TokenCreate get_token_create(Fields& in, Trouble& trouble) {
  TokenCreate entry;
  entry.id = TokenId(in.number<std::uint64_t>());
  entry.digest = get_digest(in, trouble);
  entry.node_name = in.text(limits::name_bytes_max);
  entry.ttl_ms = in.number<std::uint64_t>();
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const TokenClaim& entry) {
  begin(out, Kind::token_claim, 4 + stamp_fields);
  out.number(entry.id.value);
  put_digest(out, entry.digest);
  out.uuid(entry.node);
  out.text(entry.node_name, limits::name_bytes_max);
  put(out, entry.by);
}

TokenClaim get_token_claim(Fields& in, Trouble& trouble) {
  TokenClaim entry;
  entry.id = TokenId(in.number<std::uint64_t>());
  entry.digest = get_digest(in, trouble);
  entry.node = in.uuid();
  entry.node_name = in.text(limits::name_bytes_max);
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const TokenRevoke& entry) {
  begin(out, Kind::token_revoke, 1 + stamp_fields);
  out.number(entry.id.value);
  put(out, entry.by);
}

TokenRevoke get_token_revoke(Fields& in) {
  TokenRevoke entry;
  entry.id = TokenId(in.number<std::uint64_t>());
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const AuditNote& entry) {
  begin(out, Kind::audit_note, 1 + stamp_fields);
  out.text(entry.what, limits::audit_text_bytes_max);
  put(out, entry.by);
}

AuditNote get_audit_note(Fields& in) {
  AuditNote entry;
  entry.what = in.text(limits::audit_text_bytes_max);
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

// --- rows ---

Bytes encode(const Setting& setting) {
  return packed(Kind::setting, 2, [&](Packer& out) {
    out.text(setting.name, limits::name_bytes_max);
    out.text(setting.value, limits::name_bytes_max);
  });
}

Result<Setting> decode_setting(BytesView bytes) {
  return unpacked_row(bytes, Kind::setting, "a setting's row", [](Fields& in) {
    Setting setting;
    setting.name = in.text(limits::name_bytes_max);
    setting.value = in.text(limits::name_bytes_max);
    in.end();
    return setting;
  });
}

Bytes encode(const Token& token) {
  return packed(Kind::token, 8, [&](Packer& out) {
    out.number(token.id.value);
    put_digest(out, token.digest);
    out.text(token.node_name, limits::name_bytes_max);
    out.number(token.issued_ms);
    out.number(token.expires_ms);
    out.number(static_cast<std::uint64_t>(token.state));
    out.uuid(token.holder);
    out.text(token.issuer, limits::name_bytes_max);
  });
}

Result<Token> decode_token(BytesView bytes) {
  return unpacked_row(bytes, Kind::token, "a token's row", [](Fields& in, Trouble& trouble) {
    Token token;
    token.id = TokenId(in.number<std::uint64_t>());
    token.digest = get_digest(in, trouble);
    token.node_name = in.text(limits::name_bytes_max);
    token.issued_ms = in.number<std::uint64_t>();
    token.expires_ms = in.number<std::uint64_t>();
    token.state =
        static_cast<TokenState>(in.number<std::uint8_t>(static_cast<std::uint8_t>(last_token_state)));
    token.holder = in.uuid();
    token.issuer = in.text(limits::name_bytes_max);
    in.end();
    return token;
  });
}

Bytes encode(const AuditLine& line) {
  return packed(Kind::audit_line, 3 + stamp_fields, [&](Packer& out) {
    out.number(line.at);
    out.number(line.nth);
    put(out, line.by);
    out.text(line.what, limits::audit_text_bytes_max);
  });
}

Result<AuditLine> decode_audit_line(BytesView bytes) {
  return unpacked_row(bytes, Kind::audit_line, "a line of the audit log", [](Fields& in) {
    AuditLine line;
    line.at = in.number<std::uint64_t>();
    line.nth = in.number<std::uint16_t>();
    line.by = get_stamp(in);
    line.what = in.text(limits::audit_text_bytes_max);
    in.end();
    return line;
  });
}

}  // namespace nodedb::meta
