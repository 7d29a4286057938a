// SPDX-License-Identifier: Apache-2.0
#include "kv/numbers.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "kv/errors.h"

namespace nodedb::kv {

namespace {

/// Longest float argument and longest formatted float: room for every decimal digit of a long double.
constexpr std::size_t real_chars_max = 5 * 1024;

template <class Number>
std::optional<Number> parse_whole(BytesView text) {
  const BytesView digits = text.starts_with('-') ? text.substr(1) : text;
  // "0" is the only number that may begin with a zero, and it has no sign.
  if (digits.empty() || (digits.front() == '0' && text.size() > 1)) return std::nullopt;
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

char upper_case(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

std::optional<std::int64_t> parse_integer(BytesView text) {
  return parse_whole<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_unsigned(BytesView text) {
  return parse_whole<std::uint64_t>(text);
}

std::optional<long double> parse_real(BytesView text) {
  if (text.empty() || text.size() >= real_chars_max || is_blank(text.front())) return std::nullopt;
  const Bytes terminated(text);
  char* end = nullptr;
  errno = 0;
  const long double real = std::strtold(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size() || std::isnan(real)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(real) || real == 0)) return std::nullopt;
  return real;
}

Bytes format_real(long double real) {
  Bytes out(real_chars_max, '\0');
  const int written = std::snprintf(out.data(), out.size(), "%.17Lf", real);
  out.resize(static_cast<std::size_t>(std::max(written, 0)));
  if (out.find('.') != Bytes::npos) {
    out.resize(out.find_last_not_of('0') + 1);
    if (out.ends_with('.')) out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

Result<std::int64_t> integer_argument(BytesView text) {
  if (const auto number = parse_integer(text)) return *number;
  return fail(Code::malformed, Bytes(errors::not_an_integer));
}

Result<long double> real_argument(BytesView text) {
  if (const auto real = parse_real(text)) return *real;
  return fail(Code::malformed, Bytes(errors::not_a_float));
}

bool same_word(BytesView word, std::string_view upper) {
  return std::ranges::equal(word, upper, {}, upper_case);
}

}  // namespace nodedb::kv
