// SPDX-License-Identifier: Apache-2.0
#include "raft/log.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace nodedb::raft {

Log::Log(Position base, std::vector<Entry> entries) : base_(base) {
  for (Entry& entry : entries) append(std::move(entry));
}

Position Log::last() const {
  if (entries_.empty()) return base_;
  return Position{entries_.back().index, entries_.back().term};
}

std::optional<Term> Log::term_at(Index at) const {
  if (at == base_.index) return base_.term;
  if (at < base_.index || at > last().index) return std::nullopt;
  return entries_[offset(at)].term;
}

const Entry& Log::at(Index at) const {
  CHECK(at > base_.index && at <= last().index);
  return entries_[offset(at)];
}

std::vector<Entry> Log::slice(Index from, std::size_t entries_max, std::size_t bytes_max) const {
  CHECK(from > base_.index && from <= last().index);
  std::vector<Entry> out;
  std::size_t bytes = 0;
  for (std::size_t i = offset(from); i < entries_.size(); ++i) {
    bytes += entries_[i].bytes();
    if (!out.empty() && (out.size() >= entries_max || bytes > bytes_max)) break;
    out.push_back(entries_[i]);
  }
  return out;
}

std::size_t Log::bytes_above(Index at) const {
  if (at <= base_.index) return bytes();
  return at >= last().index ? 0 : appended_ - ends_[offset(at)];
}

Index Log::first_of_term(Index at) const {
  const auto term = term_at(at);
  CHECK(term.has_value());
  if (*term == base_.term) return base_.index;
  const auto found = std::ranges::lower_bound(entries_, *term, {}, &Entry::term);
  return found->index;
}

std::optional<Index> Log::last_up_to_term(Index limit, Term term) const {
  if (limit < base_.index || base_.term > term) return std::nullopt;
  const auto above = std::ranges::upper_bound(entries_, term, {}, &Entry::term);
  const Index last_of_term = base_.index + static_cast<std::uint64_t>(above - entries_.begin());
  return std::min(limit, last_of_term);
}

void Log::append(Entry entry) {
  CHECK_MSG(entry.index == last().index + 1, "the log is gapless");
  appended_ += entry.bytes();
  ends_.push_back(appended_);
  entries_.push_back(std::move(entry));
}

void Log::truncate_from(Index from) {
  CHECK(from > base_.index);
  while (!entries_.empty() && entries_.back().index >= from) {
    entries_.pop_back();
    ends_.pop_back();
  }
  appended_ = ends_.empty() ? dropped_ : ends_.back();
}

void Log::compact_to(Index to) {
  CHECK(to >= base_.index && to <= last().index);
  while (!entries_.empty() && entries_.front().index <= to) {
    base_ = Position{entries_.front().index, entries_.front().term};
    dropped_ = ends_.front();
    entries_.pop_front();
    ends_.pop_front();
  }
}

void Log::reset(Position base) {
  entries_.clear();
  ends_.clear();
  dropped_ = appended_;
  base_ = base;
}

}  // namespace nodedb::raft
