// SPDX-License-Identifier: Apache-2.0
// The conformance suite: nothing against machines that are fine, and each thing that a machine must not do is
// seen.
#include "nodedb/cluster/conformance.h"

#include <gtest/gtest.h>

#include "base/slot.h"
#include "examples/lock_machine.h"
#include "kv/argv.h"
#include "kv/machine.h"

namespace nodedb {
namespace {

/// Counts; each test makes one thing of it wrong.
class Good : public StateMachine {
 public:
  Result<void> check(BytesView command) const override {
    return command == "add" ? Result<void>() : fail(Code::malformed, "add");
  }
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    if (auto known = check(input.command); !known) return std::unexpected(known.error());
    const Bytes sum = std::to_string(std::stol(rows.get("sum").value_or("0")) + 1);
    return ApplyOutput{{Put{"sum", sum}}, sum};
  }
  Bytes read(const View& rows, const ReadInput&) const override { return rows.get("sum").value_or("0"); }
};

template <class Machine>
std::string findings() {
  std::string all;
  for (const std::string& one :
       check_state_machine([] { return std::make_unique<const Machine>(); },
                           {.commands = {"add"}, .queries = {"sum"}, .entries = 200}))
    all += one + "\n";
  return all;
}

bool says(const std::string& all, const std::string& what) {
  return all.find(what) != std::string::npos;
}

TEST(Conformance, NothingAgainstAGoodMachine) {
  EXPECT_EQ(findings<Good>(), "");
}

TEST(Conformance, NothingAgainstTheLocksOfTheExample) {
  const MachineSamples samples{
      {"acquire a x 1000", "acquire a y 20", "acquire b x 100000", "release a 7", "release b 3", "expire"},
      {"holder a", "holder b", "holder", ""}};
  EXPECT_EQ(check_state_machine([] { return std::make_unique<const locks::LockMachine>(); }, samples),
            std::vector<std::string>());
}

TEST(Conformance, NothingAgainstTheKeyValueMachine) {
  MachineSamples samples{
      {kv::encode(kv::Argv{"SET", "{t}a", "1"}), kv::encode(kv::Argv{"SET", "{t}b", "2", "PX", "500"}),
       kv::encode(kv::Argv{"INCR", "{t}a"}), kv::encode(kv::Argv{"APPEND", "{t}c", "x"}),
       kv::encode(kv::Argv{"DEL", "{t}b", "{t}c"})},
      {kv::encode(kv::Argv{"GET", "{t}a"}), kv::encode(kv::Argv{"STRLEN", "{t}c"})}};
  samples.vshard = vshard_of_slot(slot_of("{t}a"));
  EXPECT_EQ(check_state_machine([] { return std::make_unique<const kv::Machine>(); }, samples),
            std::vector<std::string>());
}

class KeepsState : public Good {
 public:
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    auto done = Good::apply(rows, input);
    if (done) done->reply = std::to_string(++calls_);
    return done;
  }

 private:
  mutable int calls_ = 0;
};
TEST(Conformance, SeesStateInTheObject) {
  EXPECT_TRUE(says(findings<KeepsState>(), "after a restart"));
}

class LooksAtAddresses : public Good {
 public:
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    auto done = Good::apply(rows, input);
    if (done) done->reply = std::to_string(reinterpret_cast<std::uintptr_t>(&rows));
    return done;
  }
};
TEST(Conformance, SeesThatAViewsPlaceMatters) {
  EXPECT_TRUE(says(findings<LooksAtAddresses>(), "in another kind of view"));
}

class ReadsChangeIt : public Good {
 public:
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    auto done = Good::apply(rows, input);
    if (done && read_) done->writes.push_back(Put{"read", "yes"});
    return done;
  }
  Bytes read(const View& rows, const ReadInput& input) const override {
    read_ = true;
    return Good::read(rows, input);
  }

 private:
  mutable bool read_ = false;
};
TEST(Conformance, SeesThatReadsMatter) {
  EXPECT_TRUE(says(findings<ReadsChangeIt>(), "after a read"));
}

class LetsAllIn : public Good {
 public:
  Result<void> check(BytesView) const override { return {}; }
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    if (auto known = Good::check(input.command); !known) return std::unexpected(known.error());
    return Good::apply(rows, input);
  }
};
TEST(Conformance, SeesAnEntryThatWouldStopTheVShard) {
  EXPECT_TRUE(says(findings<LetsAllIn>(), "would stop for good"));
}

class Throws : public Good {
 public:
  Bytes read(const View& rows, const ReadInput& input) const override {
    if (input.query != "sum") throw std::out_of_range("another query");
    return Good::read(rows, input);
  }
};
TEST(Conformance, SeesWhatIsThrown) {
  EXPECT_TRUE(says(findings<Throws>(), "read throws on"));
}

class RefusesUnsurely : public Good {
 public:
  Result<void> check(BytesView command) const override {
    return command == "add" ? Result<void>() : fail(Code::timeout, "?");
  }
};
TEST(Conformance, SeesARefusalThatLeavesTheEffectOpen) {
  EXPECT_TRUE(says(findings<RefusesUnsurely>(), "does not say that it had no effect"));
}

class EndlesslyDue : public Good {
 public:
  std::optional<std::int64_t> next_due_ns(const View&) const override { return 1; }
  std::optional<Bytes> command_when_due(const View&, Hlc) const override { return "add"; }
};
TEST(Conformance, SeesWhatIsDueForEver) {
  EXPECT_TRUE(says(findings<EndlesslyDue>(), "never comes to an end"));
}

class ForgetsWhatIsDue : public Good {
 public:
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    auto done = Good::apply(rows, input);
    if (done) done->due_ns = 5;
    return done;
  }
};
TEST(Conformance, SeesATimeThatIsNotRemembered) {
  EXPECT_TRUE(says(findings<ForgetsWhatIsDue>(), "knows nothing of it"));
}

class WrongRange : public Good {
 public:
  Result<ApplyOutput> apply(const View& rows, const ApplyInput& input) const override {
    auto done = Good::apply(rows, input);
    if (done) done->writes.push_back(DeleteRange{"b", "a"});
    return done;
  }
};
TEST(Conformance, SeesARangeThatEndsBeforeItBegins) {
  EXPECT_TRUE(says(findings<WrongRange>(), "ends before it begins"));
}

}  // namespace
}  // namespace nodedb
