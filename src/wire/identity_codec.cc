// SPDX-License-Identifier: Apache-2.0
#include "wire/identity_codec.h"

#include "base/crc32c.h"
#include "meta/codec.h"
#include "wire/reader.h"
#include "wire/uuid_codec.h"
#include "wire/writer.h"

namespace nodedb::wire {

namespace {

constexpr std::uint8_t record_version = 1;
constexpr std::size_t crc_bytes = 4;

std::unexpected<Error> damaged(const std::string& why) {
  return fail(Code::damaged, "the identity record of this data directory " + why +
                                 "; move the directory aside and let the node rejoin, or restore it");
}

std::unexpected<Error> later(const char* what, std::uint32_t found, std::uint32_t known) {
  return fail(Code::incompatible, std::string("the data directory has ") + what + " " +
                                      std::to_string(found) + "; this build reads up to " +
                                      std::to_string(known));
}

}  // namespace

Bytes encode_identity(const Identity& identity) {
  Bytes record;
  Writer out(record);
  out.u8(record_version);
  out.u32(identity.format_version);
  put_uuid(out, identity.cluster);
  put_uuid(out, identity.node);
  out.u32(identity.id.value);
  out.bytes(meta::encode(identity.genesis));
  out.u32(crc32c(record));
  return record;
}

Result<Identity> decode_identity(BytesView record) {
  if (record.size() < 1 + crc_bytes) return damaged("is cut short");
  const BytesView body = record.substr(0, record.size() - crc_bytes);
  if (Reader(record.substr(body.size())).u32() != crc32c(body)) return damaged("does not match its checksum");
  Reader in(body);
  const std::uint8_t version = in.u8();
  if (version != record_version) return later("an identity record of version", version, record_version);
  Identity identity;
  identity.format_version = in.u32();
  if (in.ok() && (identity.format_version == 0 || identity.format_version > data_format_version)) {
    return later("format version", identity.format_version, data_format_version);
  }
  identity.cluster = get_uuid(in);
  identity.node = get_uuid(in);
  identity.id = NodeId(in.u32());
  const BytesView packed = in.bytes();
  if (const auto whole = in.finish("it"); !whole) return damaged("is malformed: " + whole.error().detail);
  auto genesis = meta::decode_genesis(packed);
  if (!genesis && genesis.error().code == Code::incompatible) return std::unexpected(genesis.error());
  if (!genesis) return damaged("holds no valid genesis: " + genesis.error().detail);
  identity.genesis = std::move(*genesis);
  if (identity.genesis.cluster.uuid != identity.cluster) return damaged("names two clusters");
  return identity;
}

}  // namespace nodedb::wire
