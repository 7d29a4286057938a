// SPDX-License-Identifier: Apache-2.0
// Published vectors for CRC-32C, hash slots, UUIDs and the hybrid logical clock. They lie outside the
// project.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "base/hlc.h"
#include "base/slot.h"
#include "base/uuid.h"

namespace nodedb {
namespace {

using Object = std::map<std::string, std::string>;
/// List name → its flat objects. Values are kept as text, strings without their quotes.
using Vectors = std::map<std::string, std::vector<Object>>;

std::string unquoted(std::string text) {
  if (text.ends_with(",")) text.pop_back();
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

/// Reads exactly the shape of vectors.json: one token group a line. Not a JSON parser.
Vectors load(const std::filesystem::path& file) {
  Vectors out;
  std::string section;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string::npos) continue;
    const std::string text = line.substr(start);
    const auto colon = text.find("\": ");
    if (colon == std::string::npos) {
      if (text == "{" && !section.empty()) out[section].emplace_back();
      continue;
    }
    const std::string key = text.substr(1, colon - 1);
    const std::string value = text.substr(colon + 3);
    if (value == "[") {
      section = key;
    } else {
      out[section].back()[key] = unquoted(value);
    }
  }
  return out;
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

class BaseConformance : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* given = std::getenv("NODEDB_CONFORMANCE");
    const std::filesystem::path folder =
        given != nullptr ? std::filesystem::path(given)
                         : std::filesystem::path(NODEDB_SOURCE_DIR) / ".." / "shared" / "conformance";
    const auto file = folder / "vectors.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no conformance vectors at " << file;
    vectors_ = load(file);
  }

  const std::vector<Object>& section(const std::string& name, std::size_t count) {
    const auto& objects = vectors_[name];
    std::cout << "ran " << objects.size() << " " << name << " vectors\n";
    EXPECT_EQ(objects.size(), count);
    return objects;
  }

  Vectors vectors_;
};

TEST_F(BaseConformance, Crc32c) {
  for (const Object& each : section("crc32c", 7)) {
    EXPECT_EQ(crc32c(from_hex(each.at("hex"))), std::stoul(each.at("crc"))) << each.at("name");
  }
}

TEST_F(BaseConformance, Slots) {
  for (const Object& each : section("crc16_slot", 9)) {
    EXPECT_EQ(slot_of(each.at("key")), std::stoul(each.at("slot"))) << each.at("key");
  }
}

TEST_F(BaseConformance, Uuids) {
  for (const Object& each : section("uuid", 2)) {
    const auto id = Uuid::parse(each.at("text"));
    ASSERT_TRUE(id.has_value()) << each.at("text");
    const std::string bytes = from_hex(each.at("bytes"));
    EXPECT_EQ(std::string(id->bytes.begin(), id->bytes.end()), bytes);
    EXPECT_EQ(id->text(), each.at("text"));
    EXPECT_EQ(id->version(), std::stoi(each.at("version")));
    EXPECT_EQ(id->variant(), std::stoi(each.at("variant")));
    if (each.at("unix_ms") == "null") continue;
    std::uint64_t unix_ms = 0;
    for (std::size_t i = 0; i < 6; ++i) unix_ms = unix_ms << 8 | id->bytes[i];
    EXPECT_EQ(unix_ms, std::stoull(each.at("unix_ms")));
  }
}

TEST_F(BaseConformance, HybridLogicalClock) {
  std::map<std::string, HlcClock> clocks;
  for (const Object& each : section("hlc", 12)) {
    HlcClock& clock = clocks[each.at("node")];
    const WallTime wall{std::stoll(each.at("pt"))};
    const std::string& sender = each.at("receives_from");
    const Hlc stamp = sender == "null" ? clock.now(wall) : clock.receive(wall, clocks[sender].last());
    const Hlc expected{std::stoll(each.at("l")), static_cast<std::uint32_t>(std::stoul(each.at("c")))};
    EXPECT_EQ(stamp, expected) << each.at("node") << " at " << each.at("pt");
  }
}

}  // namespace
}  // namespace nodedb
