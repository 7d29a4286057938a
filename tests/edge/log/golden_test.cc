// SPDX-License-Identifier: Apache-2.0
// A log that another build has written, or will read: tests/golden/log holds the sectors that a short life
// writes. A difference is a new version of the format, not a file to rewrite; while the format is new,
// NODEDB_GOLDEN_REWRITE=1 writes them and the fuzzer's seeds anew.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "edge/log/record.h"
#include "edge/log/segment.h"
#include "tests/edge/log/forgetful_files.h"
#include "tests/edge/log/store_test_support.h"

namespace nodedb::edge {
namespace {

using namespace test;

const std::filesystem::path tests = std::filesystem::path(NODEDB_SOURCE_DIR) / "tests";

/// Sixteen bytes a line; a line that repeats the one before is left out, as hexdump does it.
std::string hex(BytesView bytes) {
  std::string text;
  std::string before;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    std::string line;
    for (const char c : bytes.substr(at, 16)) {
      char byte[4];
      std::snprintf(byte, sizeof(byte), " %02x", static_cast<unsigned char>(c));
      line += byte;
    }
    char place[24];
    std::snprintf(place, sizeof(place), "%06zx", at);
    if (line != before) text += place + line + "\n";
    before = line;
  }
  return text;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, BytesView bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Every kind of item there is.
std::vector<node::LogBatch> life() {
  node::LogBatch birth = first_batch();
  birth.identity = Bytes("identity");
  node::GroupLogUpdate more;
  more.group = the_group;
  more.append = {entry(2, "command"), {Index(3), Term(1), raft::EntryKind::noop, {}}};
  node::GroupLogUpdate change;
  change.group = the_group;
  change.hard = raft::HardState{Term(300), NodeId(), Index(2)};
  change.truncate_from = Index(3);
  change.base = base_at(2);
  change.append = {{Index(3), Term(300), raft::EntryKind::config, Blob(raft::encode(base_at(1).config))}};
  node::GroupLogUpdate gone;
  gone.group = GroupId(1024);
  gone.destroy = true;
  return {birth, batch_of(more), first_batch(GroupId(1024)), batch_of(change), batch_of(gone)};
}

TEST(Golden, a_log_has_the_bytes_that_it_had) {
  Disk disk;
  LogStoreOptions options = small_options();
  options.segment_bytes = 8192;
  options.nonce = [] { return 0x0123456789abcdefu; };
  auto store = open_log_store(options, std::make_unique<ForgetfulFiles>(disk));
  ASSERT_TRUE(store);
  for (const node::LogBatch& batch : life()) ASSERT_TRUE(test::write(**store, batch));
  const Bytes segment = disk.files.at("0001.seg")->content;
  const auto golden = tests / "golden" / "log" / "segment.hex";
  if (std::getenv("NODEDB_GOLDEN_REWRITE") != nullptr) {
    write_file(golden, hex(segment));
    const auto seeds = tests / "fuzz" / "corpus" / "log";
    Bytes sealed("\x03");
    for (std::size_t i = 0; const node::LogBatch& batch : life()) {
      Bytes record;
      begin_record(record);
      if (batch.identity) append_identity(record, *batch.identity);
      for (const node::GroupLogUpdate& update : batch.groups) append_update(record, update, i == 1);
      write_file(seeds / ("record_" + std::to_string(i++)), Bytes(1, '\0') + record);
      sealed += static_cast<char>(record.size() - 1) + record.substr(1);
    }
    write_file(seeds / "header", "\x01" + segment.substr(0, sector_bytes));
    write_file(seeds / "segment", "\x02" + segment);
    write_file(seeds / "sealed_segment", sealed);
  }
  EXPECT_EQ(read(golden), hex(segment));
}

}  // namespace
}  // namespace nodedb::edge
