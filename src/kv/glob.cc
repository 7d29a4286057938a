// SPDX-License-Identifier: Apache-2.0
#include "kv/glob.h"

#include <algorithm>

namespace nodedb::kv {

namespace {

struct Step {
  bool matched = false;
  std::size_t next = 0;  ///< where the pattern goes on
};

unsigned char at(BytesView text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

/// Pre: pattern[i] is the byte after '['.
Step match_class(BytesView pattern, std::size_t i, unsigned char c) {
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool matched = false;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      matched |= at(pattern, i + 1) == c;
      i += 2;
    } else if (i + 2 < pattern.size() && pattern[i + 1] == '-') {
      const auto [low, high] = std::minmax({at(pattern, i), at(pattern, i + 2)});
      matched |= low <= c && c <= high;
      i += 3;
    } else {
      matched |= at(pattern, i) == c;
      ++i;
    }
  }
  return {matched != negated, std::min(i + 1, pattern.size())};
}

/// Matches one byte against the pattern's element at `i`, which is no '*'. Pre: i is within the pattern.
Step match_one(BytesView pattern, std::size_t i, unsigned char c) {
  switch (pattern[i]) {
    case '?':
      return {true, i + 1};
    case '[':
      return match_class(pattern, i + 1, c);
    case '\\':
      if (i + 1 < pattern.size()) ++i;
      break;
  }
  return {at(pattern, i) == c, i + 1};
}

}  // namespace

bool glob_matches(BytesView pattern, BytesView text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Only the latest star needs to be tried again: what an earlier one could take, the later one can, too.
  std::size_t star = BytesView::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    const Step step = p < pattern.size() ? match_one(pattern, p, at(text, t)) : Step{};
    if (step.matched) {
      p = step.next;
      ++t;
    } else if (star != BytesView::npos) {
      p = star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace nodedb::kv
