// SPDX-License-Identifier: Apache-2.0
#include "edge/resp/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "base/rng.h"
#include "edge/resp/words.h"

namespace nodedb::resp {
namespace {

using Words = std::vector<std::string>;

struct Outcome {
  std::vector<Words> commands;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(BytesView input, std::size_t piece, bool stranger = false) {
  Parser parser;
  parser.set_unauthenticated(stranger);
  Outcome outcome;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    parser.feed(input.substr(at, piece));
    for (;;) {
      const Parser::Step step = parser.next();
      if (step == Parser::Step::more) break;
      if (step == Parser::Step::error) {
        outcome.error = parser.error_text();
        return outcome;
      }
      outcome.commands.emplace_back(parser.argv().begin(), parser.argv().end());
    }
  }
  return outcome;
}

struct Case {
  std::string input;
  std::vector<Words> commands;
  std::string error;
};

TEST(Parser, UnderstandsEveryFormInPiecesOfAnySize) {
  using namespace std::string_literals;
  const std::vector<Case> cases = {
      {"*1\r\n$4\r\nPING\r\n", {{"PING"}}, ""},
      {"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n", {{"SET", "k", ""}}, ""},
      {"*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n", {{"GET", "a\r\nb"}}, ""},
      {"*1\r\n$3\r\n\0\1\xff\r\n"s, {{"\0\1\xff"s}}, ""},
      {"*0\r\n*-1\r\nPING\r\n", {{"PING"}}, ""},
      {"\r\n\n   \r\nPING\r\n", {{"PING"}}, ""},
      {"PING\n", {{"PING"}}, ""},
      {"SET  k\t'a \\' b'  \"x\\x41\\n\\\"\"\r\n", {{"SET", "k", "a ' b", "xA\n\""}}, ""},
      {"GET \"\"\r\n", {{"GET", ""}}, ""},
      {"*1\r\n$4\r\nPING\r\nECHO hi\r\n*1\r\n$4\r\nQUIT\r\n", {{"PING"}, {"ECHO", "hi"}, {"QUIT"}}, ""},
      {"\"a\" \"b\"c\r\n", {}, "unbalanced quotes in request"},
      {"GET \"abc\r\n", {}, "unbalanced quotes in request"},
      {"GET 'abc\r\n", {}, "unbalanced quotes in request"},
      {"*x\r\n", {}, "invalid multibulk length"},
      {"*01\r\n", {}, "invalid multibulk length"},
      {"*\r\n", {}, "invalid multibulk length"},
      {"*3000000000\r\n", {}, "invalid multibulk length"},
      {"*99999999999999999999\r\n", {}, "invalid multibulk length"},
      {"*1048577\r\n", {}, "invalid multibulk length"},
      {"*1\r\nfoo\r\n", {}, "expected '$', got 'f'"},
      {"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", {}, "expected '$', got 'f'"},
      {"*1\r\n$-10\r\n", {}, "invalid bulk length"},
      {"*1\r\n$blabla\r\n", {}, "invalid bulk length"},
      {"*1\r\n$16777217\r\n", {}, "invalid bulk length"},
      {"*1\r\n$2000000000\r\n", {}, "invalid bulk length"},
      {"PING\r\n*1\r\n$x\r\n", {{"PING"}}, "invalid bulk length"},
  };
  for (const Case& c : cases) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, c.input.size()}) {
      const Outcome outcome = parse(c.input, piece);
      EXPECT_EQ(outcome.commands, c.commands) << c.input << " in pieces of " << piece;
      EXPECT_EQ(outcome.error, c.error) << c.input << " in pieces of " << piece;
    }
  }
}

TEST(Parser, BoundsLinesOfEveryKind) {
  const std::string digits(line_bytes_max + 10, '1');
  EXPECT_EQ(parse("*" + digits, 4096).error, "too big mbulk count string");
  EXPECT_EQ(parse("*1\r\n$" + digits, 4096).error, "too big bulk count string");
  EXPECT_EQ(parse(std::string(line_bytes_max + 10, 'x'), 4096).error, "too big inline request");
  EXPECT_EQ(parse(std::string(line_bytes_max + 10, 'x') + "\r\n", 1'000'000).error, "too big inline request");
  const Outcome fits = parse(std::string(line_bytes_max - 2, 'x') + "\r\n", 4096);
  ASSERT_EQ(fits.commands.size(), 1u);
  EXPECT_EQ(fits.commands[0][0].size(), line_bytes_max - 2);
}

TEST(Parser, BoundsTheRequestAsAWhole) {
  const std::string word(limits::value_bytes_max, 'v');
  const std::string bulk = "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  EXPECT_EQ(parse("*2\r\n" + bulk + bulk, 1 << 20).commands.size(), 1u);
  EXPECT_EQ(parse("*3\r\n" + bulk + bulk + "$1\r\n", 1 << 20).error, "too big request");
}

TEST(Parser, IsStrictWithStrangers) {
  EXPECT_EQ(parse("*11\r\n", 100, true).error, "unauthenticated multibulk length");
  EXPECT_EQ(parse("*1\r\n$16385\r\n", 100, true).error, "unauthenticated bulk length");
  EXPECT_EQ(parse("*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n", 100, true).commands.size(), 1u);
  EXPECT_EQ(parse("*11\r\n", 100, false).error, "");
}

TEST(Parser, KeepsWordsValidWhileALargeCommandGrowsTheBuffer) {
  std::string input = "*4\r\n$4\r\nMSET\r\n$1\r\nk\r\n";
  const std::string value(300'000, 'z');
  input += "$300000\r\n" + value + "\r\n$1\r\nl\r\n";
  const Outcome outcome = parse(input, 1000);
  ASSERT_EQ(outcome.commands.size(), 1u);
  EXPECT_EQ(outcome.commands[0], (Words{"MSET", "k", value, "l"}));
}

TEST(Parser, GivesTheBufferBackOnlyWhenItIsEmpty) {
  Parser parser;
  parser.feed("PING\r\nPI");
  ASSERT_EQ(parser.next(), Parser::Step::command);
  parser.release_if_empty();
  EXPECT_NE(parser.held_bytes(), 0u);
  parser.feed("NG\r\n");
  ASSERT_EQ(parser.next(), Parser::Step::command);
  EXPECT_EQ(parser.argv()[0], "PING");
  parser.release_if_empty();
  EXPECT_EQ(parser.held_bytes(), 0u);
  EXPECT_EQ(parser.next(), Parser::Step::more);
}

TEST(Parser, StaysInErrorOnceItIsThere) {
  Parser parser;
  parser.feed("*x\r\n");
  EXPECT_EQ(parser.next(), Parser::Step::error);
  parser.feed("PING\r\n");
  EXPECT_EQ(parser.next(), Parser::Step::error);
}

/// Whatever the bytes and wherever they are cut, the outcome is the same.
TEST(Parser, DoesNotDependOnWhereGarbageIsCut) {
  Rng rng(7);
  const BytesView alphabet = "*$\r\n\r\n0123 \"'\\xPING";
  for (int round = 0; round < 3000; ++round) {
    std::string input;
    const std::uint64_t size = 1 + rng.below(60);
    for (std::uint64_t i = 0; i < size; ++i) input.push_back(alphabet[rng.below(alphabet.size())]);
    EXPECT_EQ(parse(input, 1), parse(input, input.size())) << input;
  }
}

TEST(Words, ChangeCase) {
  EXPECT_EQ(lower("GeT|1"), "get|1");
  EXPECT_EQ(upper("GeT|1"), "GET|1");
}

}  // namespace
}  // namespace nodedb::resp
