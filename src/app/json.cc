// SPDX-License-Identifier: Apache-2.0
#include "app/json.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace nodedb::app {

namespace {

/// Length of the well-formed UTF-8 sequence at the front (RFC 3629), 0 if there is none.
std::size_t utf8_length(BytesView text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte(1);
  // Overlong forms, surrogates, and what lies above U+10FFFF.
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
      (lead == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
  }
  constexpr BytesView digits = "0123456789abcdef";
  out += "\\u00";
  out += digits[c >> 4];
  out += digits[c & 15];
}

}  // namespace

std::string json_string(BytesView text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
      append_escape(out, c);
    } else if ((length = utf8_length(text)) > 0) {
      out += text.substr(0, length);
    } else {
      out += "\xef\xbf\xbd";
      length = 1;
    }
    text.remove_prefix(length);
  }
  return out + '"';
}

Json& Json::push(Json item) {
  auto* items = std::get_if<Array>(&value_);
  CHECK(items);
  items->push_back(std::move(item));
  return *this;
}

Json& Json::set(BytesView key, Json value) {
  auto* members = std::get_if<Object>(&value_);
  CHECK(members);
  members->emplace_back(std::string(key), std::move(value));
  return *this;
}

const Json& Json::operator[](BytesView key) const {
  static const Json null;
  if (const auto* members = std::get_if<Object>(&value_))
    for (const auto& [name, value] : *members)
      if (name == key) return value;
  return null;
}

const Json::Array& Json::items() const {
  static const Array none;
  const auto* items = std::get_if<Array>(&value_);
  return items ? *items : none;
}

std::int64_t Json::number(std::int64_t otherwise) const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return *whole;
  if (const auto* real = std::get_if<double>(&value_); real && std::abs(*real) < 9e18)
    return static_cast<std::int64_t>(*real);
  return otherwise;
}

bool Json::boolean(bool otherwise) const {
  const auto* value = std::get_if<bool>(&value_);
  return value ? *value : otherwise;
}

std::string Json::text(BytesView otherwise) const {
  const auto* value = std::get_if<std::string>(&value_);
  return value ? *value : std::string(otherwise);
}

std::string Json::dump() const {
  std::string out;
  write(out, 0, 0);
  return out;
}

std::string Json::pretty() const {
  std::string out;
  write(out, 2, 0);
  return out;
}

void Json::write(std::string& out, int indent, int level) const {
  const auto line = [&](int depth) {
    if (indent == 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(indent * depth), ' ');
  };
  if (is_null()) {
    out += "null";
  } else if (const auto* flag = std::get_if<bool>(&value_)) {
    out += *flag ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value_)) {
    out += std::to_string(*whole);
  } else if (const auto* real = std::get_if<double>(&value_)) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *real).ptr;
    const BytesView text = std::isfinite(*real) ? BytesView(digits.data(), end) : BytesView("null");
    out += text;
    // Else it would be read as an int64, which -0 is none of, nor much that is large.
    if (text.find_first_not_of("-0123456789") == BytesView::npos) out += ".0";
  } else if (const auto* string = std::get_if<std::string>(&value_)) {
    out += json_string(*string);
  } else if (const auto* items = std::get_if<Array>(&value_)) {
    out += '[';
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (i > 0) out += ',';
      line(level + 1);
      (*items)[i].write(out, indent, level + 1);
    }
    if (!items->empty()) line(level);
    out += ']';
  } else if (const auto* members = std::get_if<Object>(&value_)) {
    out += '{';
    for (std::size_t i = 0; i < members->size(); ++i) {
      if (i > 0) out += ',';
      line(level + 1);
      out += json_string((*members)[i].first) + (indent == 0 ? ":" : ": ");
      (*members)[i].second.write(out, indent, level + 1);
    }
    if (!members->empty()) line(level);
    out += '}';
  }
}

}  // namespace nodedb::app
