// SPDX-License-Identifier: Apache-2.0
#include "kv/rows.h"

#include "base/slot.h"
#include "kv/codec.h"
#include "kv/siphash.h"

namespace nodedb::kv::rows {

namespace {

constexpr std::uint64_t sip_k0 = 0x0706050403020100;
constexpr std::uint64_t sip_k1 = 0x0f0e0d0c0b0a0908;
constexpr std::size_t value_prefix_bytes = 1 + 8;
constexpr std::size_t expiry_prefix_bytes = 1 + 8 + 8;
constexpr std::size_t stats_bytes = 8 + 8;

}  // namespace

std::uint64_t position_of(BytesView key) {
  return std::uint64_t{slot_of(key)} << 48 | (siphash(sip_k0, sip_k1, key) & hash_mask);
}

Bytes value_key(std::uint64_t position, BytesView key) {
  Bytes out;
  out.reserve(value_prefix_bytes + key.size() + 1);  // and for what whoever stores it puts in front
  out.append(values_begin);
  put_big(out, position);
  out.append(key);
  return out;
}

Bytes expiry_key(std::int64_t expire_at_ms, std::uint64_t position, BytesView key) {
  Bytes out;
  out.reserve(expiry_prefix_bytes + key.size());
  out.append(expiries_begin);
  put_big(out, static_cast<std::uint64_t>(expire_at_ms));
  put_big(out, position);
  out.append(key);
  return out;
}

Bytes value_from(std::uint64_t position) {
  return value_key(position, {});
}

Bytes pack(const Item& item) {
  Bytes out;
  out.reserve(head_bytes + item.value.size());
  put_little(out, item.modified_index);
  put_little(out, static_cast<std::uint64_t>(item.expire_at_ms));
  out.push_back(static_cast<char>(item.form));
  out.append(item.value);
  return out;
}

Bytes pack(const Stats& stats) {
  Bytes out;
  out.reserve(stats_bytes);
  put_little(out, stats.keys);
  put_little(out, stats.last_delete_index);
  return out;
}

std::optional<Item> item_in(BytesView row) {
  if (row.size() < head_bytes) return std::nullopt;
  const auto form = static_cast<std::uint8_t>(row[16]);
  if (form > static_cast<std::uint8_t>(Form::text)) return std::nullopt;
  return Item{.modified_index = little_at(row.data()),
              .expire_at_ms = static_cast<std::int64_t>(little_at(row.data() + 8)),
              .form = static_cast<Form>(form),
              .value = row.substr(head_bytes)};
}

std::optional<Stats> stats_in(BytesView row) {
  if (row.size() != stats_bytes) return std::nullopt;
  return Stats{.keys = little_at(row.data()), .last_delete_index = little_at(row.data() + 8)};
}

std::optional<ValueKey> value_key_in(BytesView row_key) {
  if (row_key.size() < value_prefix_bytes || !row_key.starts_with(values_begin)) return std::nullopt;
  return ValueKey{.position = big_at(row_key.data() + 1), .key = row_key.substr(value_prefix_bytes)};
}

std::optional<ExpiryKey> expiry_key_in(BytesView row_key) {
  if (row_key.size() < expiry_prefix_bytes || !row_key.starts_with(expiries_begin)) return std::nullopt;
  return ExpiryKey{.expire_at_ms = static_cast<std::int64_t>(big_at(row_key.data() + 1)),
                   .key = row_key.substr(expiry_prefix_bytes)};
}

}  // namespace nodedb::kv::rows
