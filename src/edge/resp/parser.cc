// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/parser.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/limits.h"
#include "edge/resp/words.h"
#include "kv/numbers.h"

namespace nodedb::resp {

std::span<char> Parser::prepare(std::size_t bytes) {
  if (delivered_) start_over();
  if (capacity_ - end_ < bytes) {
    const std::size_t held = end_ - begin_;
    std::size_t wanted = std::max(capacity_, held + bytes);
    // Twice the size when the input does not fit even after it is moved to the front: amortised linear.
    if (held + bytes > capacity_) wanted = std::max(wanted, 2 * capacity_);
    auto moved = std::make_unique_for_overwrite<char[]>(wanted);
    if (held != 0) std::memcpy(moved.get(), buffer_.get() + begin_, held);
    buffer_ = std::move(moved);
    capacity_ = wanted;
    scan_ -= begin_;
    begin_ = 0;
    end_ = held;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void Parser::commit(std::size_t bytes) {
  CHECK(bytes <= capacity_ - end_);
  end_ += bytes;
}

void Parser::feed(BytesView bytes) {
  const auto room = prepare(bytes.size());
  if (!bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void Parser::release_if_empty() {
  if (delivered_) start_over();
  if (begin_ != end_) return;
  buffer_.reset();
  capacity_ = begin_ = scan_ = end_ = 0;
}

/// Forgets the command that ends at `scan_`.
void Parser::start_over() {
  delivered_ = false;
  argv_.clear();
  places_.clear();
  inline_words_.clear();
  request_bytes_ = 0;
  begin_ = scan_;
  if (begin_ == end_) begin_ = scan_ = end_ = 0;
}

Parser::Progress Parser::refuse(std::string text) {
  error_ = std::move(text);
  return Progress::error;
}

/// What lies between `scan_` and the next `last`; a view without data when there is none yet.
BytesView Parser::line(char last) const {
  const char* from = buffer_.get() + scan_;
  const void* found = left() == 0 ? nullptr : std::memchr(from, last, left());
  if (found == nullptr) return {};
  return {from, static_cast<std::size_t>(static_cast<const char*>(found) - from)};
}

Parser::Step Parser::next() {
  if (!error_.empty()) return Step::error;
  if (delivered_) start_over();
  for (;;) {
    Progress progress = Progress::more;
    if (words_left_ != 0) {
      progress = bulk();
    } else if (left() != 0) {
      progress = buffer_[scan_] == '*' ? header() : inline_command();
    }
    if (progress == Progress::more) return Step::more;
    if (progress == Progress::error) return Step::error;
    if (words_left_ != 0) continue;
    if (places_.empty() && inline_words_.empty()) {  // "*0", or an empty line: nothing was asked
      start_over();
      continue;
    }
    argv_.clear();
    for (const Place& place : places_) {
      argv_.emplace_back(buffer_.get() + begin_ + place.offset, place.size);
    }
    for (const Bytes& word : inline_words_) argv_.push_back(word);
    delivered_ = true;
    return Step::command;
  }
}

Parser::Progress Parser::header() {
  const BytesView text = line('\r');
  if (line_bytes(text) > line_bytes_max) return refuse("too big mbulk count string");
  if (text.data() == nullptr || left() < text.size() + 2) return Progress::more;
  const std::optional<std::int64_t> count = kv::parse_integer(text.substr(1));
  if (!count || *count > static_cast<std::int64_t>(limits::arguments_max)) {
    return refuse("invalid multibulk length");
  }
  if (stranger_ && *count > static_cast<std::int64_t>(unauthenticated_words_max)) {
    return refuse("unauthenticated multibulk length");
  }
  scan_ += text.size() + 2;
  if (*count <= 0) return Progress::done;
  words_left_ = static_cast<std::size_t>(*count);
  places_.reserve(std::min<std::size_t>(words_left_, 1024));
  return Progress::done;
}

Parser::Progress Parser::bulk() {
  if (!in_bulk_) {
    const BytesView text = line('\r');
    if (line_bytes(text) > line_bytes_max) return refuse("too big bulk count string");
    if (text.data() == nullptr || left() < text.size() + 2) return Progress::more;
    const char first = buffer_[scan_];
    if (first != '$') return refuse(std::string("expected '$', got '") + first + "'");
    const std::optional<std::int64_t> size = kv::parse_integer(text.substr(1));
    if (!size || *size < 0 || *size > static_cast<std::int64_t>(limits::value_bytes_max)) {
      return refuse("invalid bulk length");
    }
    bulk_bytes_ = static_cast<std::size_t>(*size);
    if (stranger_ && bulk_bytes_ > unauthenticated_word_bytes_max) {
      return refuse("unauthenticated bulk length");
    }
    request_bytes_ += bulk_bytes_;
    if (request_bytes_ > limits::request_bytes_max) return refuse("too big request");
    scan_ += text.size() + 2;
    in_bulk_ = true;
  }
  // The two bytes after the word are taken for CR LF without a look, as Redis does.
  if (left() < bulk_bytes_ + 2) return Progress::more;
  places_.push_back({.offset = scan_ - begin_, .size = bulk_bytes_});
  scan_ += bulk_bytes_ + 2;
  in_bulk_ = false;
  --words_left_;
  return Progress::done;
}

Parser::Progress Parser::inline_command() {
  BytesView text = line('\n');
  if (line_bytes(text) > line_bytes_max) return refuse("too big inline request");
  if (text.data() == nullptr) return Progress::more;
  scan_ += text.size() + 1;
  if (text.ends_with('\r')) text.remove_suffix(1);
  auto words = split_words(text);
  if (!words) return refuse("unbalanced quotes in request");
  inline_words_ = std::move(*words);
  return Progress::done;
}

}  // namespace nodedb::resp
