// SPDX-License-Identifier: Apache-2.0
#include "app/wal_commands.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/json.h"
#include "app/json_words.h"
#include "app/offline.h"
#include "app/output.h"
#include "app/table.h"
#include "edge/log/replay.h"

namespace nodedb::app {

namespace {

// --- check ---

struct SegmentUse {
  std::uint32_t records = 0;
  std::uint64_t first_sequence = 0;
};

struct Checked {
  std::map<std::uint32_t, SegmentUse> uses;
  edge::ReadLog log;
};

Result<Checked> check(edge::SegmentFiles& files) {
  std::map<std::uint32_t, SegmentUse> uses;
  auto log = edge::read_log(files, {}, [&uses](const edge::ReadRecord& read) {
    SegmentUse& use = uses[read.place.segment];
    if (use.records++ == 0) use.first_sequence = read.sequence;
  });
  if (!log) return std::unexpected(log.error());
  return Checked{std::move(uses), std::move(*log)};
}

std::uint64_t entries_in(const node::StoredLog& log) {
  std::uint64_t count = 0;
  for (const node::StoredGroup& group : log.groups) count += group.log.size();
  return count;
}

std::string check_json(const Checked& checked) {
  const node::StoredLog& log = checked.log.outcome.log;
  Json segments = Json::array();
  for (const edge::Segment& segment : checked.log.segments) {
    const auto use = checked.uses.find(segment.header.number);
    const SegmentUse found = use == checked.uses.end() ? SegmentUse() : use->second;
    segments.push(Json::object()
                      .set("number", segment.header.number)
                      .set("file", segment.name)
                      .set("bytes", segment.header.bytes)
                      .set("records", found.records)
                      .set("first_sequence", found.first_sequence));
  }
  return Json::object()
             .set("version", 1)
             .set("whole", true)
             .set("segments", std::move(segments))
             .set("groups", log.groups.size())
             .set("entries", entries_in(log))
             .set("next_sequence", checked.log.end.sequence)
             .set("unfinished_write", checked.log.end.unfinished)
             .dump() +
         "\n";
}

std::string check_text(const Checked& checked) {
  const node::StoredLog& log = checked.log.outcome.log;
  Table table({"SEGMENT", "FILE", "BYTES", "RECORDS", "FROM"});
  for (const edge::Segment& segment : checked.log.segments) {
    const auto use = checked.uses.find(segment.header.number);
    const bool empty = use == checked.uses.end();
    table.add({std::to_string(segment.header.number), segment.name, std::to_string(segment.header.bytes),
               empty ? "0" : std::to_string(use->second.records),
               empty ? "-" : std::to_string(use->second.first_sequence)});
  }
  std::string text = table.text() + "\n" + std::to_string(log.groups.size()) + " groups with " +
                     std::to_string(entries_in(log)) + " entries; the next record is " +
                     std::to_string(checked.log.end.sequence) + "\n";
  if (checked.log.end.unfinished) text += "at the end lies an unfinished write: it was never acknowledged\n";
  return text + "the log is whole\n";
}

// --- dump ---

std::string name_of(GroupId group) {
  return group == metadata_group ? "metadata" : "vshard " + std::to_string(vshard_of(group).value);
}

Json item_json(const edge::LogItem& item) {
  const node::GroupLogUpdate& update = item.update;
  Json json = Json::object();
  json.set("group", update.group.value);
  if (item.restated) json.set("restated", true);
  if (update.destroy) json.set("destroyed", true);
  if (update.hard) {
    json.set("hard_state", Json::object()
                               .set("term", update.hard->term.value)
                               .set("vote", update.hard->vote.value)
                               .set("commit", update.hard->commit.value));
  }
  if (update.truncate_from) json.set("truncated_from", update.truncate_from->value);
  if (update.base) json.set("base", position_json(update.base->at));
  if (update.append.empty()) return json;
  Json entries = Json::array();
  for (const raft::Entry& entry : update.append) {
    entries.push(position_json({entry.index, entry.term}).set("bytes", entry.payload.size()));
  }
  json.set("entries", std::move(entries));
  return json;
}

std::string item_text(const edge::LogItem& item) {
  const node::GroupLogUpdate& update = item.update;
  std::string text = name_of(update.group) + ":";
  if (item.restated) text += " again";
  if (update.destroy) text += " destroyed";
  if (update.hard) {
    text += " term " + std::to_string(update.hard->term.value) + " vote " +
            std::to_string(update.hard->vote.value) + " commit " + std::to_string(update.hard->commit.value);
  }
  if (update.truncate_from) text += " truncated from " + std::to_string(update.truncate_from->value);
  if (update.base) {
    text += " base " + std::to_string(update.base->at.index.value) + " of term " +
            std::to_string(update.base->at.term.value);
  }
  if (update.append.empty()) return text;
  std::size_t bytes = 0;
  for (const raft::Entry& entry : update.append) bytes += entry.payload.size();
  return text + " entries " + std::to_string(update.append.front().index.value) + " to " +
         std::to_string(update.append.back().index.value) + ", " + std::to_string(bytes) + " bytes";
}

void print_record(const edge::ReadRecord& read, const WalArguments& wanted, Output output) {
  const auto shown = [&wanted](const edge::LogItem& item) {
    return wanted.vshard < 0 ||
           item.update.group == group_of(VShardId(static_cast<std::uint16_t>(wanted.vshard)));
  };
  const bool identity = read.record.identity && wanted.vshard < 0;
  if (output == Output::json) {
    Json items = Json::array();
    for (const edge::LogItem& item : read.record.items)
      if (shown(item)) items.push(item_json(item));
    if (items.items().empty() && !identity) return;
    Json json = Json::object();
    json.set("sequence", read.sequence).set("file", read.segment.name).set("byte", read.offset);
    if (identity) json.set("identity", true);
    print(json.set("items", std::move(items)).dump() + "\n");
    return;
  }
  const std::string place =
      std::to_string(read.sequence) + " " + read.segment.name + ":" + std::to_string(read.offset) + " ";
  std::string text;
  if (identity) text += place + "the node's identity\n";
  for (const edge::LogItem& item : read.record.items)
    if (shown(item)) text += place + item_text(item) + "\n";
  print(text);
}

}  // namespace

Exit run_wal_check(const WalArguments& arguments, Output output) {
  const auto node = open_offline(arguments.data);
  if (!node) return refuse_offline(node.error());
  const auto checked = check(*node->log);
  if (!checked) return refuse_offline(checked.error());
  print(output == Output::json ? check_json(*checked) : check_text(*checked));
  return Exit::ok;
}

Exit run_wal_dump(const WalArguments& arguments, Output output) {
  if (arguments.vshard >= std::int64_t{vshard_count}) {
    return complain({Code::malformed, "--vshard: must be from 0 to " + std::to_string(vshard_count - 1)});
  }
  const auto node = open_offline(arguments.data);
  if (!node) return refuse_offline(node.error());
  const auto segments = edge::open_segments(*node->log);
  if (!segments) return refuse_offline(segments.error());
  const auto end = edge::read_records(node->log->directory(), *segments, [&](const edge::ReadRecord& read) {
    print_record(read, arguments, output);
  });
  return end ? Exit::ok : refuse_offline(end.error());
}

}  // namespace nodedb::app
