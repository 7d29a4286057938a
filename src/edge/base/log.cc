// SPDX-License-Identifier: Apache-2.0
#include "edge/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>

namespace nodedb::log {
namespace {

constexpr char logfmt_pattern[] = "time=%Y-%m-%dT%H:%M:%S.%e%z level=%l %v";
constexpr char json_pattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})";

struct Sink {
  std::shared_ptr<spdlog::logger> logger;  // spdlog hands loggers out as shared_ptr
  std::atomic<Format> format{Format::logfmt};
  std::mutex observer_mutex;
  std::function<void(Level, const std::string&)> observer;
  std::atomic<bool> observed{false};

  Sink()
      : logger(
            std::make_shared<spdlog::logger>("nodedb", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    logger->set_pattern(logfmt_pattern);
    logger->set_level(spdlog::level::info);
    logger->flush_on(spdlog::level::trace);
  }
};

Sink& sink() {
  static Sink* const instance =
      std::make_unique<Sink>().release();  // outlives every static that may still log
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || static_cast<unsigned char>(c) >= 0x7f) return true;
  }
  return false;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

std::span<const Field> span_of(Fields fields) {
  return {fields.begin(), fields.size()};
}

}  // namespace

std::string format_line(Format format, std::string_view message, std::span<const Field> fields) {
  std::string line;
  const bool json = format == Format::json;
  line += json ? "\"msg\":" : "msg=";
  append_quoted(line, message);
  for (const auto& field : fields) {
    line += json ? ',' : ' ';
    if (json) {
      append_quoted(line, field.key);
      line += ':';
    } else {
      line += field.key;
      line += '=';
    }
    if (json ? !field.number : needs_quotes(field.value)) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

void write(Level level, std::string_view message, std::span<const Field> fields) {
  auto& to = sink();
  const auto spdlog_level = to_spdlog(level);
  const bool observed = to.observed.load(std::memory_order_acquire);
  if (!to.logger->should_log(spdlog_level) && !observed) return;
  const auto line = format_line(to.format.load(std::memory_order_relaxed), message, fields);
  if (observed) {
    const std::lock_guard lock(to.observer_mutex);
    if (to.observer) to.observer(level, line);
  }
  to.logger->log(spdlog_level, spdlog::string_view_t(line.data(), line.size()));
}

void configure(Format format, Level level) {
  auto& to = sink();
  to.format.store(format, std::memory_order_relaxed);
  to.logger->set_pattern(format == Format::json ? json_pattern : logfmt_pattern);
  to.logger->set_level(to_spdlog(level));
}

void debug(std::string_view message, Fields fields) {
  write(Level::debug, message, span_of(fields));
}
void info(std::string_view message, Fields fields) {
  write(Level::info, message, span_of(fields));
}
void warn(std::string_view message, Fields fields) {
  write(Level::warn, message, span_of(fields));
}
void error(std::string_view message, Fields fields) {
  write(Level::error, message, span_of(fields));
}

std::string text(const Error& error) {
  return std::string(name(error.code)) + ": " + error.detail;
}

void observe(std::function<void(Level, const std::string&)> observer) {
  auto& to = sink();
  const std::lock_guard lock(to.observer_mutex);
  to.observed.store(static_cast<bool>(observer), std::memory_order_release);
  to.observer = std::move(observer);
}

}  // namespace nodedb::log
