// SPDX-License-Identifier: Apache-2.0
#pragma once

// A JSON value (RFC 8259): what operators' answers are made of. Objects keep the order in which their members
// were added, so that two runs print the same text. Numbers are int64 or double. Parsing is bounded in depth
// and never throws.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace nodedb::app {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;  ///< null
  explicit Json(bool value) : value_(value) {}
  explicit Json(std::int64_t value) : value_(value) {}
  explicit Json(double value) : value_(value) {}
  explicit Json(std::string value) : value_(std::move(value)) {}
  explicit Json(BytesView value) : value_(std::string(value)) {}
  explicit Json(const char* value) : value_(std::string(value)) {}
  template <class T>
  requires(std::is_unsigned_v<T> && !std::is_same_v<T, bool>) explicit Json(T value)
      : value_(static_cast<std::int64_t>(value)) {}
  explicit Json(std::int32_t value) : value_(std::int64_t{value}) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }
  static Result<Json> parse(BytesView text);

  /// Pre: an array.
  Json& push(Json item);
  /// Appends a member. Pre: an object. Returns itself, for chains.
  Json& set(BytesView key, Json value);
  template <class T>
  Json& set(BytesView key, T value) requires(!std::is_same_v<T, Json>) {
    return set(key, Json(std::move(value)));
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  /// The member, or a null value if this is no object or has none of that name.
  const Json& operator[](BytesView key) const;
  /// The items, or nothing if this is no array.
  const Array& items() const;
  /// The value if it is of that kind, else what is given.
  std::int64_t number(std::int64_t otherwise = 0) const;
  bool boolean(bool otherwise = false) const;
  std::string text(BytesView otherwise = {}) const;

  /// One line, no spaces.
  std::string dump() const;
  /// Indented by two spaces a level.
  std::string pretty() const;

 private:
  explicit Json(Array items) : value_(std::move(items)) {}
  explicit Json(Object members) : value_(std::move(members)) {}
  void write(std::string& out, int indent, int level) const;

  friend class JsonParser;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// Between quotes, escaped; bytes that are no UTF-8 become U+FFFD.
std::string json_string(BytesView text);

}  // namespace nodedb::app
