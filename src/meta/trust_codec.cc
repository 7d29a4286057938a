// SPDX-License-Identifier: Apache-2.0
// The bytes of meta/trust.h: entries with version and kind each, and rows.
#include "meta/codec.h"
#include "meta/shapes.h"

namespace nodedb::meta {

namespace {

void put_fields(Packer& out, const MemberTrust& trust) {
  out.number(trust.node.value);
  put_digest(out, trust.issuer);
  put_digest(out, trust.staged);
}

}  // namespace

void put_entry(Packer& out, const AuthorityStage& entry) {
  begin(out, Kind::authority_stage, 2 + stamp_fields);
  put_digest(out, entry.authority);
  out.bin(entry.certificate);
  put(out, entry.by);
}

AuthorityStage get_authority_stage(Fields& in, Trouble& trouble) {
  AuthorityStage entry;
  entry.authority = get_digest(in, trouble);
  entry.certificate = Bytes(in.bin());
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const AuthorityFinalise& entry) {
  begin(out, Kind::authority_finalise, 1 + stamp_fields);
  put_digest(out, entry.authority);
  put(out, entry.by);
}

AuthorityFinalise get_authority_finalise(Fields& in, Trouble& trouble) {
  AuthorityFinalise entry;
  entry.authority = get_digest(in, trouble);
  entry.by = get_stamp(in);
  in.end();
  return entry;
}

void put_entry(Packer& out, const MemberTrust& entry) {
  begin(out, Kind::member_trust_report, 3);
  put_fields(out, entry);
}

MemberTrust get_member_trust(Fields& in, Trouble& trouble) {
  MemberTrust trust;
  trust.node = NodeId(in.number<std::uint32_t>());
  trust.issuer = get_digest(in, trouble);
  trust.staged = get_digest(in, trouble);
  in.end();
  return trust;
}

// --- rows ---

Bytes encode(const MemberTrust& trust) {
  return packed(Kind::member_trust, 3, [&](Packer& out) { put_fields(out, trust); });
}

Result<MemberTrust> decode_member_trust(BytesView bytes) {
  return unpacked_row(bytes, Kind::member_trust, "the row of what a member trusts", get_member_trust);
}

Bytes encode(const Authority& authority) {
  return packed(Kind::authority, 3 + stamp_fields, [&](Packer& out) {
    put_digest(out, authority.fingerprint);
    out.number(static_cast<std::uint64_t>(authority.state));
    out.bin(authority.certificate);
    put(out, authority.by);
  });
}

Result<Authority> decode_authority(BytesView bytes) {
  return unpacked_row(bytes, Kind::authority, "an authority's row", [](Fields& in, Trouble& trouble) {
    Authority authority;
    authority.fingerprint = get_digest(in, trouble);
    authority.state =
        static_cast<AuthorityState>(in.number<std::uint8_t>(static_cast<std::uint8_t>(last_authority_state)));
    authority.certificate = Bytes(in.bin());
    authority.by = get_stamp(in);
    in.end();
    return authority;
  });
}

}  // namespace nodedb::meta
