// SPDX-License-Identifier: Apache-2.0
#include "edge/disk/sealed_text.h"

#include <array>
#include <cstdio>

#include "base/crc32c.h"

namespace nodedb::edge {

namespace {

constexpr BytesView seal_name = "crc32c ";
constexpr std::size_t seal_bytes = 7 + 8 + 1;

std::string hex(std::uint32_t value) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", value);
  return text.data();
}

}  // namespace

Bytes seal_text(const std::vector<TextLine>& lines) {
  Bytes text;
  for (const TextLine& line : lines) text += line.name + " " + line.value + "\n";
  const std::string seal = hex(crc32c(text));
  return text.append(seal_name).append(seal).append("\n");
}

Result<std::map<std::string, std::string>> open_text(const std::string& path, BytesView content) {
  const auto damaged = [&path](const char* why) {
    return fail(Code::damaged, path + " " + why + "; restore it or move the data directory aside");
  };
  if (content.size() < seal_bytes) return damaged("is cut short");
  BytesView body = content.substr(0, content.size() - seal_bytes);
  if (content.substr(body.size()) != std::string(seal_name) + hex(crc32c(body)) + "\n") {
    return damaged("does not match its checksum");
  }
  std::map<std::string, std::string> lines;
  while (!body.empty()) {
    const auto end = body.find('\n');
    const auto space = body.find(' ');
    if (end == BytesView::npos || space > end) return damaged("is malformed");
    lines.emplace(body.substr(0, space), body.substr(space + 1, end - space - 1));
    body.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace nodedb::edge
