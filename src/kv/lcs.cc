// SPDX-License-Identifier: Apache-2.0
// LCS: the longest common subsequence of two values, by the textbook table. Where two ways back through the
// table are equally long, Redis steps in the second string; so do we, or the ranges would differ.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "kv/errors.h"
#include "kv/executors.h"
#include "kv/numbers.h"

namespace nodedb::kv {

namespace {

struct LcsOptions {
  bool length = false;
  bool ranges = false;
  bool range_lengths = false;
  std::int64_t range_length_min = 0;
};

Result<LcsOptions> parse(const Argv& argv) {
  LcsOptions options;
  for (std::size_t i = 3; i < argv.size(); ++i) {
    if (same_word(argv[i], "IDX")) {
      options.ranges = true;
    } else if (same_word(argv[i], "LEN")) {
      options.length = true;
    } else if (same_word(argv[i], "WITHMATCHLEN")) {
      options.range_lengths = true;
    } else if (same_word(argv[i], "MINMATCHLEN") && i + 1 < argv.size()) {
      const auto minimum = integer_argument(argv[++i]);
      if (!minimum) return std::unexpected(minimum.error());
      options.range_length_min = *minimum;
    } else {
      return fail(Code::malformed, Bytes(errors::syntax));
    }
  }
  if (options.ranges && options.length) return fail(Code::malformed, Bytes(errors::lcs_len_with_idx));
  return options;
}

/// cell(i, j): the length for the first i bytes of a and the first j of b.
class Table {
 public:
  Table(BytesView a, BytesView b) : width_(b.size() + 1), cells_((a.size() + 1) * width_) {
    for (std::size_t i = 1; i <= a.size(); ++i) {
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const bool equal = a[i - 1] == b[j - 1];
        cells_[i * width_ + j] = equal ? cell(i - 1, j - 1) + 1 : std::max(cell(i - 1, j), cell(i, j - 1));
      }
    }
  }

  static bool affordable(BytesView a, BytesView b) {
    return (a.size() + 1) <= limits::lcs_table_bytes_max / sizeof(std::uint32_t) / (b.size() + 1);
  }

  std::uint32_t cell(std::size_t i, std::size_t j) const { return cells_[i * width_ + j]; }

 private:
  std::size_t width_;
  std::vector<std::uint32_t> cells_;
};

/// A run of equal bytes that both strings share without a gap.
struct Match {
  std::size_t a = 0;
  std::size_t b = 0;
  std::size_t size = 0;
};

/// Walks back from the ends; the last run comes first.
std::vector<Match> matches(const Table& table, BytesView a, BytesView b) {
  std::vector<Match> found;
  bool adjacent = false;
  std::size_t i = a.size();
  std::size_t j = b.size();
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      --i;
      --j;
      if (!adjacent) found.push_back({});
      found.back() = Match{.a = i, .b = j, .size = found.back().size + 1};
      adjacent = true;
    } else {
      adjacent = false;
      if (table.cell(i - 1, j) > table.cell(i, j - 1)) {
        --i;
      } else {
        --j;
      }
    }
  }
  return found;
}

Reply bounds(std::size_t first, std::size_t size) {
  return Reply::array({Reply::integer(static_cast<std::int64_t>(first)),
                       Reply::integer(static_cast<std::int64_t>(first + size - 1))});
}

Reply ranges(const std::vector<Match>& found, const LcsOptions& options, std::int64_t length) {
  std::vector<Reply> shown;
  for (const Match& match : found) {
    const auto size = static_cast<std::int64_t>(match.size);
    if (size < options.range_length_min) continue;
    Reply range = Reply::array({bounds(match.a, match.size), bounds(match.b, match.size)});
    if (options.range_lengths) range.items.push_back(Reply::integer(size));
    shown.push_back(std::move(range));
  }
  return Reply::map(
      {Reply::bulk("matches"), Reply::array(std::move(shown)), Reply::bulk("len"), Reply::integer(length)});
}

}  // namespace

Reply run_lcs(Keyspace& keys, const Argv& argv) {
  const auto options = parse(argv);
  if (!options) return Reply::error(options.error());
  const rows::Item* first = keys.find(argv[1]);
  const rows::Item* second = keys.find(argv[2]);
  const BytesView a = first == nullptr ? BytesView() : first->value;
  const BytesView b = second == nullptr ? BytesView() : second->value;
  if (!Table::affordable(a, b)) return Reply::error(errors::lcs_memory);
  const Table table(a, b);
  const std::int64_t length = table.cell(a.size(), b.size());
  if (options->length) return Reply::integer(length);
  const auto found = matches(table, a, b);
  if (options->ranges) return ranges(found, *options, length);
  Bytes common;
  for (auto match = found.rbegin(); match != found.rend(); ++match) common += a.substr(match->a, match->size);
  return Reply::bulk(std::move(common));
}

Result<void> check_lcs(const Argv& argv) {
  return verdict(parse(argv));
}

}  // namespace nodedb::kv
