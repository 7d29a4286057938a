// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "app/json.h"

namespace nodedb::app {

/// Recursive descent over RFC 8259's grammar; the first trouble ends it.
class JsonParser {
 public:
  explicit JsonParser(BytesView text) : text_(text) {}

  Result<Json> run() {
    auto value = parse_value(0);
    if (!value) return value;
    skip_space();
    if (at_ != text_.size()) return refuse("text after the value");
    return value;
  }

 private:
  static constexpr int depth_max = 64;

  std::unexpected<Error> refuse(const char* what) const {
    return fail(Code::malformed, std::string("JSON: ") + what + " at byte " + std::to_string(at_));
  }
  void skip_space() {
    while (at_ < text_.size() && BytesView(" \t\r\n").find(text_[at_]) != BytesView::npos) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(BytesView word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<Json> parse_value(int depth) {
    if (depth > depth_max) return refuse("too deep");
    skip_space();
    if (at_ >= text_.size()) return refuse("the text ends early");
    if (take_word("null")) return Json();
    if (take_word("true")) return Json(true);
    if (take_word("false")) return Json(false);
    if (text_[at_] == '"') {
      auto string = parse_string();
      if (!string) return std::unexpected(string.error());
      return Json(std::move(*string));
    }
    if (take('[')) return parse_array(depth);
    if (take('{')) return parse_object(depth);
    return parse_number();
  }

  Result<Json> parse_array(int depth) {
    Json::Array items;
    if (take(']')) return Json(std::move(items));
    do {
      auto item = parse_value(depth + 1);
      if (!item) return item;
      items.push_back(std::move(*item));
    } while (take(','));
    if (!take(']')) return refuse("expected , or ]");
    return Json(std::move(items));
  }

  Result<Json> parse_object(int depth) {
    Json::Object members;
    if (take('}')) return Json(std::move(members));
    do {
      skip_space();
      if (at_ >= text_.size() || text_[at_] != '"') return refuse("expected a member name");
      auto name = parse_string();
      if (!name) return std::unexpected(name.error());
      if (!take(':')) return refuse("expected :");
      auto value = parse_value(depth + 1);
      if (!value) return value;
      members.emplace_back(std::move(*name), std::move(*value));
    } while (take(','));
    if (!take('}')) return refuse("expected , or }");
    return Json(std::move(members));
  }

  Result<Json> parse_number() {
    const BytesView rest = text_.substr(at_);
    const std::size_t length = std::min(rest.find_first_not_of("+-.0123456789eE"), rest.size());
    const char* const end = rest.data() + length;
    if (length == 0) return refuse("expected a value");
    const bool real = rest.substr(0, length).find_first_of(".eE") != BytesView::npos;
    std::int64_t whole = 0;
    double number = 0;
    const auto [stop, problem] =
        real ? std::from_chars(rest.data(), end, number) : std::from_chars(rest.data(), end, whole);
    if (problem != std::errc{} || stop != end) return refuse("not a number");
    at_ += length;
    return real ? Json(number) : Json(whole);
  }

  Result<std::string> parse_string() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20) return refuse("control character in a string");
      if (c != '\\') {
        out += c;
      } else if (!parse_escape(out)) {
        return refuse("bad escape");
      }
    }
    return refuse("unterminated string");
  }

  /// At the backslash; leaves `at_` on the escape's last character.
  bool parse_escape(std::string& out) {
    if (++at_ >= text_.size()) return false;
    constexpr BytesView from = "\"\\/bfnrt";
    constexpr BytesView to = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = from.find(text_[at_]); i != BytesView::npos) {
      out += to[i];
      return true;
    }
    if (text_[at_] != 'u') return false;
    std::uint32_t point = 0;
    if (!parse_hex4(point)) return false;
    if (point >= 0xd800 && point < 0xdc00) {  // the first half of a surrogate pair
      std::uint32_t low = 0;
      if (!text_.substr(at_ + 1).starts_with("\\u")) return false;
      at_ += 2;
      if (!parse_hex4(low) || low < 0xdc00 || low > 0xdfff) return false;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point < 0xe000) {
      return false;
    }
    append_utf8(out, point);
    return true;
  }

  bool parse_hex4(std::uint32_t& point) {
    const BytesView digits = text_.substr(std::min(at_ + 1, text_.size())).substr(0, 4);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
    if (problem != std::errc{} || digits.size() != 4 || end != digits.data() + 4) return false;
    at_ += 4;
    return true;
  }

  static void append_utf8(std::string& out, std::uint32_t point) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
    if (point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x800) {
      out += static_cast<char>(0xc0 | (point >> 6));
      tail(0);
    } else if (point < 0x10000) {
      out += static_cast<char>(0xe0 | (point >> 12));
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xf0 | (point >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
  }

  BytesView text_;
  std::size_t at_ = 0;
};

Result<Json> Json::parse(BytesView text) {
  return JsonParser(text).run();
}

}  // namespace nodedb::app
