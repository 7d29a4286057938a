// SPDX-License-Identifier: Apache-2.0
#include "base/join_token.h"

#include <algorithm>

#include "base/crc32c.h"

namespace nodedb {

namespace {

constexpr std::string_view prefix = "ndbt";
constexpr char version = '1';
constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t id_bytes = 8;
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t token_bytes = id_bytes + 16 + 32 + crc_bytes;
/// 480 bits are 96 letters exactly, so each token has one spelling.
constexpr std::size_t token_letters = token_bytes * 8 / 5;
static_assert(token_bytes * 8 % 5 == 0);

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

Bytes big_endian(std::uint64_t value, std::size_t size) {
  Bytes out(size, '\0');
  for (std::size_t i = size; i > 0; --i, value >>= 8) out[i - 1] = static_cast<char>(value);
  return out;
}

std::uint64_t number_in(BytesView bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::uint32_t checksum(BytesView body) {
  return crc32c(version + Bytes(body));
}

std::string letters_of(BytesView bytes) {
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 5; bits -= 5) out.push_back(alphabet[held >> (bits - 5) & 31]);
  }
  return out;
}

/// Empty if a character is no letter of the alphabet.
Bytes bytes_of(BytesView letters) {
  Bytes out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : letters) {
    const std::size_t value = alphabet.find(lower(c));
    if (value == std::string_view::npos) return {};
    held = held << 5 | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>(held >> bits));
  }
  return out;
}

std::unexpected<Error> mistyped(const std::string& why) {
  return fail(Code::malformed, "the token " + why + "; copy it whole, as `token create` printed it");
}

}  // namespace

std::string text(TokenId id) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(digits[id.value >> shift & 15]);
  return out;
}

Result<TokenId> parse_token_id(BytesView text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (text.size() != 16 || (!digit && (c < 'a' || c > 'f')))
      return fail(Code::malformed, "a token's id is 16 lower-case hexadecimal digits");
    value = value << 4 | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  if (text.empty()) return fail(Code::malformed, "a token's id is 16 lower-case hexadecimal digits");
  return TokenId(value);
}

std::string text(const JoinToken& token) {
  Bytes body = big_endian(token.id.value, id_bytes);
  body.append(token.secret.begin(), token.secret.end());
  body.append(token.authority.bytes.begin(), token.authority.bytes.end());
  body += big_endian(checksum(body), crc_bytes);
  return std::string(prefix) + version + letters_of(body);
}

Result<JoinToken> parse_join_token(BytesView text) {
  const bool begins =
      text.size() > prefix.size() && std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, lower);
  if (!begins) return mistyped("does not begin with ndbt1");
  const char found = text[prefix.size()];
  if (found > version && found <= '9')
    return fail(Code::incompatible,
                std::string("a token of version ") + found + "; this build knows version 1");
  if (found != version) return mistyped("does not begin with ndbt1");
  const BytesView letters = text.substr(prefix.size() + 1);
  if (letters.size() != token_letters) {
    return mistyped("has " + std::to_string(text.size()) + " characters, not " +
                    std::to_string(prefix.size() + 1 + token_letters));
  }
  const Bytes bytes = bytes_of(letters);
  if (bytes.size() != token_bytes) return mistyped("has a character that no token has");
  const BytesView body = BytesView(bytes).substr(0, token_bytes - crc_bytes);
  if (number_in(BytesView(bytes).substr(body.size())) != checksum(body)) return mistyped("is mistyped");
  JoinToken token;
  token.id = TokenId(number_in(body.substr(0, id_bytes)));
  const auto byte = [](char c) { return static_cast<std::uint8_t>(c); };
  std::ranges::transform(body.substr(id_bytes, token.secret.size()), token.secret.begin(), byte);
  std::ranges::transform(body.substr(id_bytes + token.secret.size()), token.authority.bytes.begin(), byte);
  return token;
}

}  // namespace nodedb
