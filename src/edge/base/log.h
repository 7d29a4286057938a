// SPDX-License-Identifier: Apache-2.0
#pragma once

// Logging to stderr, one line an event: a message that never varies plus key=value pairs that do, as logfmt
// or JSON. Any thread. The sink is process-wide by nature; only the edge and the application log.

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace nodedb::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };
enum class Format : std::uint8_t { logfmt, json };

/// One key and its value; the key is a lower-case word of the code's own, the value may hold any bytes.
struct Field {
  std::string_view key;
  std::string value;
  bool number = false;  ///< JSON writes it without quotes

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), number(true) {}
  template <class T>
  requires std::integral<T> Field(std::string_view k, T v) : key(k), value(std::to_string(v)), number(true) {}
};
using Fields = std::initializer_list<Field>;

/// Before the first line, from main. The default is logfmt from level info on.
void configure(Format format, Level level);

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});
/// The same with fields that were gathered first.
void write(Level level, std::string_view message, std::span<const Field> fields);

/// Code and detail of an error, as two fields' worth of text: "code: detail".
std::string text(const Error& error);

/// Also hands every line (level and formatted text) to `observer`; an empty one ends it. For tests.
void observe(std::function<void(Level, const std::string&)> observer);

/// The line's text without time: what configure's format makes of it. Control bytes and quotes are escaped.
std::string format_line(Format format, std::string_view message, std::span<const Field> fields);

}  // namespace nodedb::log
