// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/words.h"

#include <algorithm>

namespace nodedb::resp {

namespace {

bool blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

char lower_char(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

char upper_char(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower_char(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char escaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

/// Reads what is between double quotes; `at` stands behind the opening one, and ends behind the closing one.
bool double_quoted(BytesView line, std::size_t& at, Bytes& word) {
  while (at < line.size()) {
    const char c = line[at];
    if (c == '"') {
      ++at;
      return at == line.size() || blank(line[at]);
    }
    if (c == '\\' && at + 3 < line.size() && line[at + 1] == 'x' && hex(line[at + 2]) >= 0 &&
        hex(line[at + 3]) >= 0) {
      word.push_back(static_cast<char>(hex(line[at + 2]) * 16 + hex(line[at + 3])));
      at += 4;
    } else if (c == '\\' && at + 1 < line.size()) {
      word.push_back(escaped(line[at + 1]));
      at += 2;
    } else {
      word.push_back(c);
      ++at;
    }
  }
  return false;
}

bool single_quoted(BytesView line, std::size_t& at, Bytes& word) {
  while (at < line.size()) {
    if (line.substr(at, 2) == "\\'") {
      word.push_back('\'');
      at += 2;
    } else if (line[at] == '\'') {
      ++at;
      return at == line.size() || blank(line[at]);
    } else {
      word.push_back(line[at++]);
    }
  }
  return false;
}

}  // namespace

std::optional<std::vector<Bytes>> split_words(BytesView line) {
  std::vector<Bytes> words;
  std::size_t at = 0;
  for (;;) {
    while (at < line.size() && blank(line[at])) ++at;
    if (at == line.size()) return words;
    Bytes word;
    while (at < line.size() && !blank(line[at])) {
      const char c = line[at];
      if (c == '"') {
        if (!double_quoted(line, ++at, word)) return std::nullopt;
        break;
      }
      if (c == '\'') {
        if (!single_quoted(line, ++at, word)) return std::nullopt;
        break;
      }
      word.push_back(c);
      ++at;
    }
    words.push_back(std::move(word));
  }
}

Bytes lower(BytesView text) {
  Bytes out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_char);
  return out;
}

Bytes upper(BytesView text) {
  Bytes out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper_char);
  return out;
}

}  // namespace nodedb::resp
