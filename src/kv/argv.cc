// SPDX-License-Identifier: Apache-2.0
#include "kv/argv.h"

#include "base/limits.h"
#include "kv/codec.h"

namespace nodedb::kv {

namespace {

enum class EntryKind : std::uint8_t { single = 1, transaction = 2, purge = 3 };

std::size_t words_size(const Argv& argv) {
  std::size_t size = varint_size(argv.size());
  for (const BytesView word : argv) size += varint_size(word.size()) + word.size();
  return size;
}

void put_words(Bytes& out, const Argv& argv) {
  put_varint(out, argv.size());
  for (const BytesView word : argv) put_string(out, word);
}

std::unexpected<Error> malformed(const char* what) {
  return fail(Code::malformed, std::string("ERR a stored command cannot be read: ") + what);
}

/// Decodes one command, drawing on what the whole entry may still hold in arguments.
Result<Argv> words(Reader& in, std::size_t& arguments_left) {
  const std::uint64_t count = in.varint();
  // Every word takes a byte at least, so a count above what is left is a lie and must not reserve memory.
  if (!in.ok() || count == 0 || count > in.left()) return malformed("bad word count");
  if (count > arguments_left) return fail(Code::too_large, "ERR too many arguments");
  arguments_left -= static_cast<std::size_t>(count);
  Argv argv;
  argv.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const BytesView word = in.string();
    if (!in.ok()) return malformed("a word is cut off");
    if (word.size() > limits::value_bytes_max) return fail(Code::too_large, "ERR an argument is too long");
    argv.push_back(word);
  }
  return argv;
}

Result<std::vector<Watch>> watches(Reader& in, std::size_t& arguments_left) {
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return malformed("bad watch count");
  if (count > arguments_left) return fail(Code::too_large, "ERR too many watched keys");
  arguments_left -= static_cast<std::size_t>(count);
  std::vector<Watch> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    const BytesView key = in.string();
    const std::uint8_t present = in.byte();
    const std::uint64_t token = in.little();
    if (!in.ok() || present > 1) return malformed("bad watch");
    if (key.size() > limits::key_bytes_max) return fail(Code::too_large, "ERR a watched key is too long");
    out.push_back(Watch{.key = key, .present = present == 1, .token = Index(token)});
  }
  return out;
}

Result<Transaction> transaction(Reader& in, std::size_t& arguments_left) {
  auto watched = watches(in, arguments_left);
  if (!watched) return std::unexpected(watched.error());
  Transaction out{.watches = std::move(*watched), .commands = {}};
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left()) return malformed("bad command count");
  for (std::uint64_t i = 0; i < count; ++i) {
    auto argv = words(in, arguments_left);
    if (!argv) return std::unexpected(argv.error());
    out.commands.push_back(std::move(*argv));
  }
  return out;
}

}  // namespace

Bytes encode(const Argv& argv) {
  Bytes out;
  out.reserve(1 + words_size(argv));
  out.push_back(static_cast<char>(EntryKind::single));
  put_words(out, argv);
  return out;
}

Bytes encode(const Transaction& transaction) {
  Bytes out;
  out.push_back(static_cast<char>(EntryKind::transaction));
  put_varint(out, transaction.watches.size());
  for (const Watch& watch : transaction.watches) {
    put_string(out, watch.key);
    out.push_back(watch.present ? 1 : 0);
    put_little(out, watch.token.value);
  }
  put_varint(out, transaction.commands.size());
  for (const Argv& argv : transaction.commands) put_words(out, argv);
  return out;
}

Bytes encode(const Purge&) {
  return Bytes(1, static_cast<char>(EntryKind::purge));
}

Result<Command> decode(BytesView bytes) {
  // Room beside the arguments for lengths, so that every request within its cap fits.
  if (bytes.size() > 2 * limits::request_bytes_max) return fail(Code::too_large, "ERR command is too large");
  Reader in(bytes);
  std::size_t arguments_left = limits::arguments_max;
  const std::uint8_t kind = in.byte();
  if (!in.ok()) return malformed("nothing there");
  Command out;
  if (kind == static_cast<std::uint8_t>(EntryKind::single)) {
    auto argv = words(in, arguments_left);
    if (!argv) return std::unexpected(argv.error());
    out = std::move(*argv);
  } else if (kind == static_cast<std::uint8_t>(EntryKind::transaction)) {
    auto decoded = transaction(in, arguments_left);
    if (!decoded) return std::unexpected(decoded.error());
    out = std::move(*decoded);
  } else if (kind == static_cast<std::uint8_t>(EntryKind::purge)) {
    out = Purge{};
  } else {
    return fail(Code::incompatible, "ERR a stored command is of a kind that this build does not know");
  }
  if (!in.done()) return malformed("bytes are left over");
  return out;
}

}  // namespace nodedb::kv
