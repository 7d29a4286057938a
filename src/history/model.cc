// SPDX-License-Identifier: Apache-2.0
#include "history/model.h"

#include <charconv>

namespace nodedb::history {

namespace {

std::optional<Value> after_cas(const Value& before, const Operation& o) {
  const bool matches = before == o.expect;
  if (o.status == Status::ok && o.swapped != matches) return std::nullopt;
  if (!matches) return before;
  return Value(o.value);
}

std::optional<Value> after_incr(const Value& before, const Operation& o) {
  const std::optional<std::int64_t> old = before ? number_in(*before) : 0;
  if (!old) return std::nullopt;  // the store refuses; a refusal is `fail` and never comes here
  const std::int64_t now = *old + o.delta;
  if (o.status == Status::ok && o.number != now) return std::nullopt;
  return Value(std::to_string(now));
}

}  // namespace

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || at != end) return std::nullopt;
  return number;
}

std::optional<Value> after(const Value& before, const Operation& o) {
  const bool answered = o.status == Status::ok;
  switch (o.op) {
    case Op::get:
      if (answered && o.read != before) return std::nullopt;
      return before;
    case Op::put:
      return Value(o.value);
    case Op::cas:
      return after_cas(before, o);
    case Op::incr:
      return after_incr(before, o);
    case Op::del:
      if (answered && o.number != (before ? 1 : 0)) return std::nullopt;
      return Value();
    case Op::append: {
      Value now = before.value_or("") + o.value;
      if (answered && o.number != static_cast<std::int64_t>(now->size())) return std::nullopt;
      return now;
    }
  }
  return std::nullopt;
}

}  // namespace nodedb::history
