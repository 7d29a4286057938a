// SPDX-License-Identifier: Apache-2.0
// The same random commands to a real redis-server and to us, reply by reply. Skipped where there is no
// redis-server. The grammar makes sense most of the time and nonsense often enough to compare the errors; it
// leaves out what differs by design (docs/redis.md) and what depends on the clock's fractions.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

#include "base/rng.h"
#include "tests/edge/resp/running_server.h"

namespace nodedb::resp {
namespace {

using test::ask;
using test::RedisClient;
using test::RunningServer;

using Words = std::vector<std::string>;

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  EXPECT_EQ(::bind(probe, reinterpret_cast<sockaddr*>(&at), size), 0);
  EXPECT_EQ(::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size), 0);
  ::close(probe);
  return ntohs(at.sin_port);
}

/// A redis-server process without persistence, ended by its pid.
class RealRedis {
 public:
  RealRedis() : port_(free_port()) {
    const std::string port = std::to_string(port_);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, STDOUT_FILENO);
      ::execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
               "--appendonly", "no", "--databases", "1", "--proto-max-bulk-len", "16777216",
               static_cast<char*>(nullptr));
      ::_exit(127);
    }
    for (int attempt = 0; attempt < 500 && client_ == nullptr; ++attempt) {
      RedisClient client(redisConnect("127.0.0.1", port_));
      if (client != nullptr && client->err == 0) client_ = std::move(client);
      int status = 0;
      if (client_ == nullptr && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        return;  // there is no such program
      }
      if (client_ == nullptr) ::usleep(20'000);
    }
  }
  ~RealRedis() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  bool runs() const { return client_ != nullptr; }
  const RedisClient& client() const { return client_; }

 private:
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  RedisClient client_;
};

class Grammar {
 public:
  explicit Grammar(std::uint64_t seed, bool tagged) : rng_(seed), tagged_(tagged) {}

  Words next() {
    Words words = sensible();
    if (rng_.chance(0.03) && words.size() > 1) {
      words.pop_back();
    } else if (rng_.chance(0.03)) {
      words.push_back(surplus(words[0]));
    }
    if (rng_.chance(0.02)) {
      words[0] = pick({"nosuch", "gett", "", "SE T"});
      for (std::string& word : words) word = word.c_str();  // Redis quotes words only up to a zero byte
    }
    if (rng_.chance(0.1)) {
      for (char& c : words[0]) c = static_cast<char>(std::tolower(c));
    }
    return words;
  }

 private:
  /// One word too many. Where it is a key it must be of the same slot: CROSSSLOT is ours alone here.
  std::string surplus(const std::string& name) {
    for (const char* takes_keys : {"DEL", "UNLINK", "EXISTS", "TOUCH", "MGET", "MSET", "MSETNX", "WATCH",
                                   "RENAME", "RENAMENX", "COPY", "LCS"}) {
      if (name == takes_keys) return key();
    }
    return pick({"x", "EX", "0", "-1", ""});
  }
  std::string pick(std::vector<std::string> from) { return from[rng_.below(from.size())]; }
  std::string key() { return (tagged_ ? "{t}" : "") + pick({"a", "b", "c", "d"}); }
  std::string number() {
    return pick({"0", "1", "-1", "7", "100", "-100", "9223372036854775807", "-9223372036854775808", "x", "",
                 "01", "+1", " 1", "1.5", "9223372036854775808"});
  }
  std::string offset() { return pick({"0", "1", "2", "-1", "-2", "5", "-5", "100", "-100", "x"}); }
  std::string value() {
    return pick({"", "1", "10", "-5", "hello", "hello world", "3.5", "1e3", "9223372036854775807", "ohmytext",
                 "mynewtext", std::string(50, 'z'), std::string("a\0b", 3)});
  }
  std::string real() {
    return pick(
        {"0.1", "1.5", "-3", "1e10", "5.0e3", "abc", "", "1e400", "0.000001", "123456789.125", "nan"});
  }
  std::string moment() {
    return pick({"4000000000", "4100000000", "0", "-1", "x", "1000", "99999999999999999"});
  }
  std::string moment_ms() { return pick({"4000000000000", "4100000000000", "1", "x", "-5"}); }

  Words keys(std::string name) {
    Words words{std::move(name)};
    for (std::uint64_t i = 1 + rng_.below(3); i > 0; --i) words.push_back(key());
    return words;
  }
  Words pairs(std::string name) {
    Words words{std::move(name)};
    for (std::uint64_t i = 1 + rng_.below(3); i > 0; --i) {
      words.push_back(key());
      words.push_back(value());
    }
    return words;
  }
  void some_of(Words& words, const std::vector<Words>& options, double chance) {
    for (const Words& option : options) {
      if (rng_.chance(chance)) words.insert(words.end(), option.begin(), option.end());
    }
  }

  Words strings() {
    switch (rng_.below(19)) {
      case 0: {
        Words words{"SET", key(), value()};
        some_of(words, {{"NX"}, {"XX"}, {"GET"}, {"EXAT", moment()}, {"PXAT", moment_ms()}, {"KEEPTTL"}},
                0.15);
        return words;
      }
      case 1:
        return {"GET", key()};
      case 2:
        return {"SETNX", key(), value()};
      case 3:
        return {"GETSET", key(), value()};
      case 4:
        return {"GETDEL", key()};
      case 5: {
        Words words{"GETEX", key()};
        some_of(words, {{"EXAT", moment()}, {"PXAT", moment_ms()}, {"PERSIST"}}, 0.3);
        return words;
      }
      case 6:
        return keys("MGET");
      case 7:
        return pairs("MSET");
      case 8:
        return {"INCR", key()};
      case 9:
        return {"DECR", key()};
      case 10:
        return {"INCRBY", key(), number()};
      case 11:
        return {"DECRBY", key(), number()};
      case 12:
        return {"INCRBYFLOAT", key(), real()};
      case 13:
        return {"APPEND", key(), value()};
      case 14:
        return {"STRLEN", key()};
      case 15:
        return {"GETRANGE", key(), offset(), offset()};
      case 16:
        return {"SETRANGE", key(), offset(), value()};
      case 17:
        return {"SUBSTR", key(), offset(), offset()};
      default:
        return {"SET", key(), value()};
    }
  }

  Words keyspace() {
    switch (rng_.below(13)) {
      case 0:
        return keys("DEL");
      case 1:
        return keys("UNLINK");
      case 2:
        return keys("EXISTS");
      case 3:
        return keys("TOUCH");
      case 4:
        return {"TYPE", key()};
      case 5: {
        Words words{"EXPIREAT", key(), moment()};
        some_of(words, {{"NX"}, {"XX"}, {"GT"}, {"LT"}}, 0.15);
        return words;
      }
      case 6: {
        Words words{"PEXPIREAT", key(), moment_ms()};
        some_of(words, {{"NX"}, {"XX"}, {"GT"}, {"LT"}}, 0.15);
        return words;
      }
      case 7:
        return {"EXPIRETIME", key()};
      case 8:
        return {"PEXPIRETIME", key()};
      case 9:
        return {"PERSIST", key()};
      case 10:
        return {"OBJECT", "ENCODING", key()};
      case 11:
        return {"EXPIRE", key(), pick({"0", "-1", "x", "9223372036854775807"})};
      default:
        return {pick({"SETEX", "PSETEX"}), key(), pick({"0", "-1", "x", "9223372036854775807"}), value()};
    }
  }

  Words one_slot() {
    switch (rng_.below(10)) {
      case 0:
        return pairs("MSETNX");
      case 1:
        return {"RENAME", key(), key()};
      case 2:
        return {"RENAMENX", key(), key()};
      case 3: {
        Words words{"COPY", key(), key()};
        some_of(words, {{"REPLACE"}}, 0.3);
        return words;
      }
      case 4: {
        Words words{"LCS", key(), key()};
        some_of(words, {{"LEN"}, {"IDX"}, {"MINMATCHLEN", number()}, {"WITHMATCHLEN"}}, 0.3);
        return words;
      }
      case 5:
        return {"MULTI"};
      case 6:
        return {pick({"EXEC", "EXEC", "EXEC", "DISCARD"})};
      case 7:
        return keys("WATCH");
      case 8:
        return {pick({"PING", "UNWATCH", "EXEC", "TIME x", "SELECT"})};
      default:
        return {"ECHO", value()};
    }
  }

  Words sensible() {
    const std::uint64_t kind = rng_.below(10);
    if (kind < 5) return strings();
    if (kind < 8) return keyspace();
    return tagged_ ? one_slot() : keys("EXISTS");
  }

  Rng rng_;
  bool tagged_ = false;
};

std::string line_of(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += "\"" + word + "\" ";
  return line;
}

void compare(std::uint64_t seed, bool tagged, int commands) {
  RealRedis real;
  if (!real.runs()) GTEST_SKIP() << "redis-server is not installed";
  RunningServer server;
  const RedisClient mine = test::redis_client(server.port());
  Grammar grammar(seed, tagged);
  std::vector<std::string> past;
  for (int i = 0; i < commands; ++i) {
    const Words words = grammar.next();
    const std::string theirs = ask(real.client(), words);
    const std::string ours = ask(mine, words);
    past.push_back(line_of(words) + "-> " + theirs);
    if (ours == theirs) continue;
    std::string story;
    for (std::size_t at = past.size() > 25 ? past.size() - 25 : 0; at < past.size(); ++at) {
      story += past[at] + "\n";
    }
    FAIL() << "seed " << seed << ", we say: " << ours << "\n" << story;
  }
}

/// NODEDB_DIFFERENTIAL_SEED and NODEDB_DIFFERENTIAL_COMMANDS make it another, longer run.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Differential, OneSlotAndTransactions) {
  compare(from_environment("NODEDB_DIFFERENTIAL_SEED", 1), true,
          static_cast<int>(from_environment("NODEDB_DIFFERENTIAL_COMMANDS", 3'000)));
}

TEST(Differential, KeysInManySlots) {
  compare(from_environment("NODEDB_DIFFERENTIAL_SEED", 2), false,
          static_cast<int>(from_environment("NODEDB_DIFFERENTIAL_COMMANDS", 1'000)));
}

}  // namespace
}  // namespace nodedb::resp
