// SPDX-License-Identifier: Apache-2.0
// The Redis protocol's parser, and the gateway behind it: any bytes, cut anywhere. The first byte chooses the
// size of the pieces. What must hold: no crash, and the same commands and the same error as from one piece.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "edge/resp/gateway.h"
#include "edge/resp/parser.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace nodedb;

struct Nowhere final : resp::Backend {
  void call(std::uint64_t tag, resp::VShardCall) override { tags.push_back(tag); }
  std::vector<std::uint64_t> tags;
};

struct Outcome {
  std::vector<std::vector<std::string>> commands;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(BytesView input, std::size_t piece) {
  resp::Parser parser;
  Outcome outcome;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    parser.feed(input.substr(at, piece));
    for (;;) {
      const auto step = parser.next();
      if (step == resp::Parser::Step::more) break;
      if (step == resp::Parser::Step::error) {
        outcome.error = parser.error_text();
        return outcome;
      }
      outcome.commands.emplace_back(parser.argv().begin(), parser.argv().end());
    }
  }
  return outcome;
}

void execute(const Outcome& parsed) {
  Nowhere backend;
  resp::Gateway gateway({}, backend, Rng(1));
  resp::Session& session = gateway.open("peer", "local", Time{});
  for (const auto& words : parsed.commands) {
    if (session.closing || !gateway.may_read(session)) break;
    gateway.execute(session, kv::Argv(words.begin(), words.end()), Now{});
  }
  // Whatever was asked: an answer that is no reply, then an error, in turns.
  for (bool bad = true; !backend.tags.empty(); bad = !bad) {
    for (const std::uint64_t tag : std::exchange(backend.tags, {})) {
      gateway.completed(tag, bad ? Result<Blob>(Blob(Bytes("\x07\x01"))) : fail(Code::busy, "no"));
    }
  }
  if (!session.pipeline.idle()) std::abort();
}

}  // namespace

extern "C" int NODEDB_FUZZER(resp)(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView input = fuzz::view(data, size).substr(1);
  const Outcome whole = parse(input, input.size() + 1);
  if (parse(input, std::size_t{data[0]} + 1) != whole) std::abort();
  execute(whole);
  return 0;
}
