// SPDX-License-Identifier: Apache-2.0
#include "edge/rocks/log_reader.h"

#include <map>
#include <memory>
#include <utility>

#include "edge/rocks/database.h"
#include "wire/log_record.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nodedb::edge {

namespace {

constexpr std::size_t readahead_bytes = 2u << 20;

struct Rows {
  std::optional<Bytes> identity;
  std::map<GroupId, raft::HardState> hard;
  std::map<GroupId, node::LogBase> base;
};

class LogReader {
 public:
  LogReader(LogDatabase& database, const std::string& directory)
      : database_(database), directory_(directory) {}

  Result<node::StoredLog> read() {
    if (auto done = read_rows(); !done) return std::unexpected(done.error());
    for (const auto& [group, hard] : rows_.hard) {
      if (!rows_.base.contains(group))
        return damaged("group " + number(group) + " has a hard state but no base");
    }
    std::map<GroupId, node::StoredGroup> groups;
    for (auto& [group, base] : rows_.base) {
      const auto hard = rows_.hard.find(group);
      groups[group] = {
          group, hard == rows_.hard.end() ? raft::HardState{} : hard->second, std::move(base), {}};
    }
    if (auto done = read_entries(groups); !done) return std::unexpected(done.error());
    node::StoredLog log{std::move(rows_.identity), {}};
    for (auto& [group, stored] : groups) log.groups.push_back(std::move(stored));
    return log;
  }

 private:
  static std::string number(GroupId group) { return std::to_string(group.value); }

  std::unexpected<Error> damaged(const std::string& what) const {
    return fail(Code::damaged, directory_ + ": " + what + "; " + damage_advice(directory_));
  }
  /// A record's own complaint names its group and index.
  std::unexpected<Error> refused(const Error& error) const {
    if (error.code == Code::damaged) return damaged(error.detail);
    return fail(error.code, directory_ + ": " + error.detail);
  }

  std::unique_ptr<rocksdb::Iterator> iterator(rocksdb::ColumnFamilyHandle* family) {
    rocksdb::ReadOptions once;
    once.fill_cache = false;
    once.readahead_size = readahead_bytes;
    std::unique_ptr<rocksdb::Iterator> at(database_.db().NewIterator(once, family));
    at->SeekToFirst();
    return at;
  }

  Result<void> read_rows() {
    const auto at = iterator(database_.rows());
    for (; at->Valid(); at->Next()) {
      if (auto done = read_row(at->key().ToStringView(), at->value().ToStringView()); !done) return done;
    }
    if (!at->status().ok()) return std::unexpected(to_error(at->status(), directory_));
    return {};
  }

  Result<void> read_row(BytesView key, BytesView value) {
    if (key == row_key(RowKind::counter)) return {};
    if (key == row_key(RowKind::identity)) {
      rows_.identity = Bytes(value);
      return {};
    }
    if (key.size() != 1 + sizeof(std::uint32_t)) return damaged("there is a row with an unknown key");
    const GroupId group(read_big<std::uint32_t>(key, 1));
    if (key[0] == static_cast<char>(RowKind::hard)) {
      const auto hard = wire::decode_hard_state(group, value);
      if (!hard) return refused(hard.error());
      rows_.hard[group] = *hard;
      return {};
    }
    if (key[0] != static_cast<char>(RowKind::base)) return damaged("there is a row with an unknown key");
    auto base = wire::decode_log_base(group, value);
    if (!base) return refused(base.error());
    rows_.base[group] = {base->at, std::move(base->config)};
    return {};
  }

  Result<void> read_entries(std::map<GroupId, node::StoredGroup>& groups) {
    const auto at = iterator(database_.entries());
    for (; at->Valid(); at->Next()) {
      const BytesView key = at->key().ToStringView();
      if (key.size() != sizeof(std::uint32_t) + sizeof(std::uint64_t)) {
        return damaged("there is an entry with a key of a wrong size");
      }
      const GroupId group(read_big<std::uint32_t>(key));
      const Index index(read_big<std::uint64_t>(key, sizeof(std::uint32_t)));
      const auto owner = groups.find(group);
      const std::string place = "group " + number(group) + ", index " + std::to_string(index.value);
      if (owner == groups.end()) return damaged(place + ": an entry of a group that does not exist");
      node::StoredGroup& stored = owner->second;
      const Index expected = stored.base.at.index + stored.log.size() + 1;
      if (index != expected) {
        return damaged(place + ": found where index " + std::to_string(expected.value) + " should follow");
      }
      auto entry = wire::decode_entry(group, index, at->value().ToStringView());
      if (!entry) return refused(entry.error());
      stored.log.push_back(std::move(*entry));
    }
    if (!at->status().ok()) return std::unexpected(to_error(at->status(), directory_));
    return {};
  }

  LogDatabase& database_;
  const std::string& directory_;
  Rows rows_;
};

}  // namespace

Bytes encode_counter(std::uint64_t count) {
  Bytes value;
  wire::Writer(value).u64(count);
  return value;
}

Result<std::uint64_t> read_counter(LogDatabase& database, const std::string& directory) {
  std::string value;
  const auto status = database.db().Get({}, database.rows(), row_key(RowKind::counter), &value);
  if (status.IsNotFound()) return 0;
  if (!status.ok()) return std::unexpected(to_error(status, directory));
  wire::Reader in(value);
  const std::uint64_t count = in.u64();
  if (!in.finish("the batch counter")) {
    return fail(Code::damaged,
                directory + ": the batch counter has a wrong size; " + damage_advice(directory));
  }
  return count;
}

Result<node::StoredLog> read_log(LogDatabase& database, const std::string& directory) {
  return LogReader(database, directory).read();
}

}  // namespace nodedb::edge
