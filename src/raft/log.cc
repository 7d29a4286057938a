// SPDX-License-Identifier: Apache-2.0
#include "raft/log.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace nodedb::raft {

Log::Log(Position base, std::vector<Entry> entries) : base_(base), last_(base) {
  for (Entry& entry : entries) append(std::move(entry));
}

std::optional<Term> Log::term_at(Index at) const {
  if (at == last_.index) return last_.term;
  if (at == base_.index) return base_.term;
  if (at < base_.index || at > last_.index) return std::nullopt;
  return entries_[offset(at)].entry.term;
}

const Entry& Log::at(Index at) const {
  CHECK(at > base_.index && at <= last().index);
  return entries_[offset(at)].entry;
}

std::vector<Entry> Log::slice(Index from, std::size_t entries_max, std::size_t bytes_max) const {
  CHECK(from > base_.index && from <= last().index);
  const std::size_t first = offset(from);
  std::size_t end = first + 1;
  std::size_t bytes = entries_[first].entry.bytes();
  for (; end < entries_.size() && end - first < entries_max; ++end) {
    bytes += entries_[end].entry.bytes();
    if (bytes > bytes_max) break;
  }
  std::vector<Entry> out;
  out.reserve(end - first);
  for (std::size_t i = first; i < end; ++i) out.push_back(entries_[i].entry);
  return out;
}

std::size_t Log::bytes_above(Index at) const {
  if (at <= base_.index) return bytes();
  return at >= last().index ? 0 : appended_ - entries_[offset(at)].end;
}

Index Log::first_of_term(Index at) const {
  const auto term = term_at(at);
  CHECK(term.has_value());
  if (*term == base_.term) return base_.index;
  const auto found = std::ranges::lower_bound(entries_, *term, {}, term_of);
  return found->entry.index;
}

std::optional<Index> Log::last_up_to_term(Index limit, Term term) const {
  if (limit < base_.index || base_.term > term) return std::nullopt;
  const auto above = std::ranges::upper_bound(entries_, term, {}, term_of);
  const Index last_of_term = base_.index + static_cast<std::uint64_t>(above - entries_.begin());
  return std::min(limit, last_of_term);
}

void Log::append(Entry entry) {
  CHECK_MSG(entry.index == last().index + 1, "the log is gapless");
  last_ = Position{entry.index, entry.term};
  appended_ += entry.bytes();
  entries_.push_back(Slot{std::move(entry), appended_});
}

void Log::truncate_from(Index from) {
  CHECK(from > base_.index);
  while (!entries_.empty() && entries_.back().entry.index >= from) entries_.pop_back();
  if (entries_.empty()) {
    last_ = base_;
    appended_ = dropped_;
    return;
  }
  const auto& [entry, end] = entries_.back();
  last_ = Position{entry.index, entry.term};
  appended_ = end;
}

void Log::compact_to(Index to) {
  CHECK(to >= base_.index && to <= last().index);
  while (!entries_.empty() && entries_.front().entry.index <= to) {
    const auto& [entry, end] = entries_.front();
    base_ = Position{entry.index, entry.term};
    dropped_ = end;
    entries_.pop_front();
  }
}

void Log::reset(Position base) {
  entries_.clear();
  dropped_ = appended_;
  base_ = last_ = base;
}

}  // namespace nodedb::raft
