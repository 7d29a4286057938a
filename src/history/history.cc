// SPDX-License-Identifier: Apache-2.0
#include "history/history.h"

#include <string_view>

namespace nodedb::history {

namespace {

std::string_view name(Op op) {
  switch (op) {
    case Op::get:
      return "get";
    case Op::put:
      return "put";
    case Op::cas:
      return "cas";
    case Op::incr:
      return "incr";
    case Op::del:
      return "del";
    case Op::append:
      return "append";
  }
  return "";
}

std::string_view name(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::fail:
      return "fail";
    case Status::info:
      return "info";
  }
  return "";
}

std::string value_text(const Operation& o) {
  switch (o.op) {
    case Op::put:
    case Op::cas:
    case Op::append:
      return json_text(o.value);
    case Op::incr:
      return std::to_string(o.delta);
    case Op::get:
    case Op::del:
      return "null";
  }
  return "null";
}

std::string out_text(const Operation& o) {
  if (o.status != Status::ok) return "null";
  switch (o.op) {
    case Op::get:
      return o.read ? json_text(*o.read) : "null";
    case Op::cas:
      return o.swapped ? "true" : "false";
    case Op::incr:
    case Op::append:
    case Op::del:
      return std::to_string(o.number);
    case Op::put:
      return "null";
  }
  return "null";
}

}  // namespace

std::string json_text(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_json(const Operation& o) {
  std::string line = "{\"client\":" + std::to_string(o.client);
  line.append(",\"op\":\"").append(name(o.op)).append("\",\"key\":").append(json_text(o.key));
  line.append(",\"value\":").append(value_text(o));
  line.append(",\"expect\":").append(o.op == Op::cas ? json_text(o.expect) : "null");
  line.append(",\"out\":").append(out_text(o));
  line.append(",\"status\":\"").append(name(o.status));
  line.append("\",\"call_ns\":").append(std::to_string(o.call_ns));
  if (o.status != Status::info) line.append(",\"return_ns\":").append(std::to_string(o.return_ns));
  return line + '}';
}

}  // namespace nodedb::history
