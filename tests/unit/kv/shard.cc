// SPDX-License-Identifier: Apache-2.0
#include "shard.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "kv/internal.h"
#include "kv/rows.h"

namespace nodedb::kv::test {

std::vector<Bytes> split(std::string_view line) {
  std::vector<Bytes> words;
  bool in_word = false;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\'') {
      if (!in_word) words.emplace_back();
      in_word = true;
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      in_word = false;
    } else {
      if (!in_word) words.emplace_back();
      in_word = true;
      if (c == '\\' && line.substr(i + 1).starts_with('x')) {
        words.back().push_back(static_cast<char>(std::stoi(std::string(line.substr(i + 2, 2)), nullptr, 16)));
        i += 3;
      } else {
        words.back().push_back(c);
      }
    }
  }
  return words;
}

namespace {

std::string show_items(const Reply& reply) {
  const bool map = reply.kind == Reply::Kind::map;
  std::string out;
  for (std::size_t i = 0; i < reply.items.size(); ++i) {
    if (i > 0) out += map && i % 2 == 1 ? ": " : " ";
    out += show(reply.items[i]);
  }
  return out;
}

Argv views(const std::vector<Bytes>& words) {
  return {words.begin(), words.end()};
}

}  // namespace

std::string show(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::null:
      return "nil";
    case Reply::Kind::null_array:
      return "nil-array";
    case Reply::Kind::simple:
      return reply.text;
    case Reply::Kind::error:
      return "-" + reply.text;
    case Reply::Kind::integer:
      return ":" + std::to_string(reply.number);
    case Reply::Kind::bulk:
      return "\"" + reply.text + "\"";
    case Reply::Kind::array:
      return "[" + show_items(reply) + "]";
    case Reply::Kind::map:
      return "{" + show_items(reply) + "}";
    case Reply::Kind::real:
      return "," + std::to_string(reply.real);
    case Reply::Kind::boolean:
      return reply.number != 0 ? "#t" : "#f";
  }
  return "?";
}

Shard::Shard() : vshard(vshard_of_slot(slot_of("{t}"))) {}

std::string Shard::operator()(std::string_view line) {
  const auto words = split(line);
  const Argv argv = views(words);
  const CommandSpec* spec = find_command(argv.at(0));
  const Bytes bytes = encode(argv);
  return spec != nullptr && spec->writes() ? entry(bytes) : query(bytes);
}

std::string Shard::entry(BytesView bytes) {
  const auto output = machine.apply(
      view, {.vshard = vshard, .index = Index(++index), .hlc = {now_ms * ns_per_ms, 0}, .command = bytes});
  if (!output) {
    last_batch.clear();
    return "!" + std::string(name(output.error().code));
  }
  last_batch = output->writes;
  last_due_ns = output->due_ns;
  view.apply(output->writes);
  check_rows();
  const auto reply = decode_reply(output->reply);
  return reply ? show(*reply) : "undecodable";
}

Reply Shard::apply(BytesView bytes) {
  const auto output = machine.apply(
      view, {.vshard = vshard, .index = Index(++index), .hlc = {now_ms * ns_per_ms, 0}, .command = bytes});
  if (!output) return Reply::error(output.error());
  last_batch = output->writes;
  last_due_ns = output->due_ns;
  view.apply(output->writes);
  check_rows();
  return decode_reply(output->reply).value();
}

std::string Shard::query(BytesView bytes) {
  return show(read(bytes));
}

Reply Shard::read(BytesView bytes) const {
  const ReadInput input{
      .vshard = vshard, .applied = Index(index), .hlc = {now_ms * ns_per_ms, 0}, .query = bytes};
  return decode_reply(machine.read(view, input)).value();
}

std::string Shard::transaction(std::initializer_list<std::string_view> lines, std::vector<Watch> watches) {
  std::vector<std::vector<Bytes>> words;
  for (const std::string_view line : lines) words.push_back(split(line));
  Transaction transaction{.watches = std::move(watches), .commands = {}};
  for (const auto& command : words) transaction.commands.push_back(views(command));
  return entry(encode(transaction));
}

Watch Shard::watch(BytesView key) {
  const auto version = watch_version(read(watch_version_query(key))).value();
  return {.key = key, .present = version.present, .token = version.token};
}

std::int64_t Shard::purge() {
  std::int64_t purged = 0;
  while (const auto command = machine.command_when_due(view, {now_ms * ns_per_ms, 0})) {
    const std::int64_t gone = apply(*command).number;
    EXPECT_GT(gone, 0);
    if (gone <= 0) break;
    purged += gone;
  }
  return purged;
}

void Shard::check_rows() const {
  std::uint64_t values = 0;
  std::map<Bytes, std::int64_t> ends;
  for (const auto& [key, value] : view.rows) {
    if (const auto at = rows::value_key_in(key)) {
      ++values;
      const auto item = rows::item_in(value);
      ASSERT_TRUE(item);
      EXPECT_EQ(at->position, rows::position_of(at->key));
      if (item->expire_at_ms != 0) ends[Bytes(at->key)] = item->expire_at_ms;
    } else if (const auto end = rows::expiry_key_in(key)) {
      // 'x' sorts after 'v': every value has been seen by now.
      const auto found = ends.find(Bytes(end->key));
      ASSERT_NE(found, ends.end()) << "an expiry row without its value";
      EXPECT_EQ(found->second, end->expire_at_ms);
      ends.erase(found);
    }
  }
  EXPECT_TRUE(ends.empty()) << "a value that expires, without an expiry row";
  const auto stats = view.get(rows::stats_key);
  EXPECT_EQ(stats ? rows::stats_in(*stats)->keys : 0, values);
}

}  // namespace nodedb::kv::test
