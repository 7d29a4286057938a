// SPDX-License-Identifier: Apache-2.0
#include "kv/set_options.h"

#include <array>
#include <limits>

#include "kv/errors.h"
#include "kv/numbers.h"

namespace nodedb::kv {

namespace {

enum class SetFamily : std::uint8_t { set, getex };

struct TimeOption {
  std::string_view word;
  TimeUnit unit;
  bool absolute;
};

constexpr std::array time_options{
    TimeOption{"EX", TimeUnit::seconds, false},
    TimeOption{"PX", TimeUnit::milliseconds, false},
    TimeOption{"EXAT", TimeUnit::seconds, true},
    TimeOption{"PXAT", TimeUnit::milliseconds, true},
};

/// Whether `word` is a flag that is allowed here and beside what was given before; sets it.
bool take_flag(SetOptions& options, BytesView word, SetFamily family) {
  const bool set = family == SetFamily::set;
  if (set && same_word(word, "NX") && !options.only_present) return options.only_absent = true;
  if (set && same_word(word, "XX") && !options.only_absent) return options.only_present = true;
  if (set && same_word(word, "GET")) return options.get = true;
  if (options.expiry) return false;
  if (set && same_word(word, "KEEPTTL")) return options.keep_ttl = true;
  if (!set && same_word(word, "PERSIST")) return options.persist = true;
  return false;
}

bool take_time(SetOptions& options, BytesView word, BytesView amount) {
  if (options.keep_ttl || options.persist) return false;
  for (const TimeOption& known : time_options) {
    if (!same_word(word, known.word)) continue;
    // The same option twice is allowed, and the last one counts.
    const auto& before = options.expiry;
    if (before && (before->unit != known.unit || before->absolute != known.absolute)) return false;
    options.expiry = TimeArgument{.amount = amount, .unit = known.unit, .absolute = known.absolute};
    return true;
  }
  return false;
}

Result<SetOptions> parse(const Argv& argv, std::size_t first, SetFamily family) {
  SetOptions options;
  for (std::size_t i = first; i < argv.size(); ++i) {
    if (take_flag(options, argv[i], family)) continue;
    if (i + 1 >= argv.size() || !take_time(options, argv[i], argv[i + 1])) {
      return fail(Code::malformed, Bytes(errors::syntax));
    }
    ++i;
  }
  return options;
}

}  // namespace

Result<SetOptions> parse_set_options(const Argv& argv) {
  return parse(argv, 3, SetFamily::set);
}

Result<SetOptions> parse_getex_options(const Argv& argv) {
  return parse(argv, 2, SetFamily::getex);
}

Result<std::int64_t> expire_at_ms(const TimeArgument& time, std::int64_t now_ms, std::string_view command) {
  constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
  const auto amount = integer_argument(time.amount);
  if (!amount) return amount;
  const bool seconds = time.unit == TimeUnit::seconds;
  const auto invalid = [&] { return fail(Code::malformed, errors::invalid_expire(command)); };
  if (*amount <= 0 || (seconds && *amount > highest / 1000)) return invalid();
  const std::int64_t ms = seconds ? *amount * 1000 : *amount;
  if (time.absolute) return ms;
  if (ms > highest - now_ms) return invalid();
  return now_ms + ms;
}

}  // namespace nodedb::kv
