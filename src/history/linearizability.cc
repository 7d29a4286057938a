// SPDX-License-Identifier: Apache-2.0
#include "history/linearizability.h"

#include <algorithm>
#include <limits>
#include <map>
#include <ranges>
#include <utility>

#include "base/mix.h"
#include "history/model.h"
#include "history/seen.h"

namespace nodedb::history {

namespace {

constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

using Verdict = Judgement::Kind;

/// Distinct values as small numbers, so that a state is a pair of numbers.
class Values {
 public:
  std::uint32_t id(const Value& value) {
    const auto [at, fresh] = ids_.try_emplace(value, static_cast<std::uint32_t>(all_.size()));
    if (fresh) all_.push_back(&at->first);
    return at->second;
  }
  const Value& value(std::uint32_t id) const { return *all_[id]; }

 private:
  std::map<Value, std::uint32_t> ids_;
  std::vector<const Value*> all_;
};

/// Depth-first search for an order of one key's operations. Definite operations are tried before undecided
/// ones: an `info` is only ever needed when something definite cannot be explained without it.
class Search {
 public:
  /// How far undecided operations are tried.
  enum class Infos : std::uint8_t {
    explaining,  ///< only where one makes a definite operation possible: quick, and mostly enough
    all,
  };

  Search(const std::vector<const Operation*>& operations, Infos infos, std::size_t states_max)
      : tried_(infos), states_max_(states_max) {
    for (const Operation* o : operations) {
      (o->status == Status::ok ? definite_ : infos_).push_back(o);
    }
    const auto by_call = [](const Operation* a, const Operation* b) { return a->call_ns < b->call_ns; };
    std::ranges::stable_sort(definite_, by_call);
    std::ranges::stable_sort(infos_, by_call);
    next_.resize(definite_.size() + 1);
    back_.resize(definite_.size() + 1);
    for (std::uint32_t i = 0; i <= definite_.size(); ++i) {
      next_[i] = i + 1;
      back_[i] = i == 0 ? 0 : i - 1;
    }
    taken_definite_.resize(definite_.size());
    used_.resize(infos_.size());
    left_ = definite_.size();
    find_starters();
  }

  Verdict run() {
    stack_.push_back(frame(none, values_.id(std::nullopt), false));
    while (!stack_.empty()) {
      if (left_ == 0) return Verdict::linearizable;
      if (seen_.size() > states_max_) return Verdict::undecided;
      Frame& top = stack_.back();
      if (top.at == top.candidates.size()) {
        if (!top.infos_listed) {
          list_infos(top);
        } else {
          drop(top.op);
          stack_.pop_back();
        }
        continue;
      }
      try_next(top);
    }
    return Verdict::violated;
  }

  std::size_t states() const { return seen_.size(); }

 private:
  static constexpr std::size_t reads_ahead = 16;
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  /// One linearized operation and what may come after it. Definite operations are numbered from 0 by call,
  /// infos after them.
  struct Frame {
    std::uint32_t op = none;
    std::uint32_t value = 0;
    bool unseen = false;  ///< the last one was an info that overwrote: pointless if overwritten at once
    bool infos_listed = false;
    std::vector<std::uint32_t> candidates;
    std::size_t at = 0;
  };

  // The list of definite operations not linearized yet; slot 0 is the head, operation i is slot i + 1.
  std::uint32_t first() const { return next_[0]; }
  bool end(std::uint32_t slot) const { return slot > definite_.size(); }
  const Operation& at(std::uint32_t slot) const { return *definite_[slot - 1]; }

  bool is_info(std::uint32_t op) const { return op >= definite_.size(); }
  const Operation& operation(std::uint32_t op) const {
    return is_info(op) ? *infos_[op - definite_.size()] : *definite_[op];
  }

  /// Whatever was called before the earliest open return may come next.
  Frame frame(std::uint32_t op, std::uint32_t value, bool unseen) const {
    Frame f{.op = op, .value = value, .unseen = unseen, .infos_listed = false, .candidates = {}, .at = 0};
    std::int64_t earliest_return = forever;
    for (std::uint32_t slot = first(); !end(slot) && at(slot).call_ns <= earliest_return;
         slot = next_[slot]) {
      f.candidates.push_back(slot - 1);
      earliest_return = std::min(earliest_return, at(slot).return_ns);
    }
    return f;
  }

  void list_infos(Frame& f) const {
    f.infos_listed = true;
    std::int64_t earliest_return = forever;
    for (const std::uint32_t op : f.candidates) {
      if (!is_info(op)) earliest_return = std::min(earliest_return, operation(op).return_ns);
    }
    std::vector<std::uint32_t> open;
    bool incr_listed = false;
    bool del_listed = false;
    for (std::uint32_t i = 0; i < infos_.size() && infos_[i]->call_ns <= earliest_return; ++i) {
      if (used_[i]) continue;
      // Equal ones are interchangeable, and the earliest called is the freest.
      if (infos_[i]->op == Op::incr && std::exchange(incr_listed, true)) continue;
      if (infos_[i]->op == Op::del && std::exchange(del_listed, true)) continue;
      open.push_back(i);
    }
    // What was called last is the likeliest to have happened just now.
    const std::size_t definite_count = f.candidates.size();
    std::vector<std::uint32_t> later;
    for (const std::uint32_t i : std::views::reverse(open)) {
      const auto op = static_cast<std::uint32_t>(definite_.size() + i);
      if (explains(f, definite_count, *infos_[i])) {
        f.candidates.push_back(op);
      } else if (tried_ == Infos::all) {
        later.push_back(op);
      }
    }
    f.candidates.insert(f.candidates.end(), later.begin(), later.end());
  }

  /// Would `o` make one of the definite candidates possible? Only decides what is tried first.
  bool explains(const Frame& f, std::size_t definite_count, const Operation& o) const {
    const std::optional<Value> value = after(values_.value(f.value), o);
    if (!value) return false;
    if (o.op == Op::incr || (o.op == Op::append && leads_to_a_read(**value))) return true;
    for (std::size_t i = 0; i < definite_count; ++i) {
      const Operation& wanting = operation(f.candidates[i]);
      if (wanting.op != Op::put && after(*value, wanting)) return true;
      if (o.op == Op::append && fits_below(**value, wanting)) return true;
    }
    return false;
  }

  /// `wanting` was appended to something that long, or longer.
  static bool fits_below(const std::string& text, const Operation& wanting) {
    return wanting.op == Op::append &&
           wanting.number >= static_cast<std::int64_t>(text.size() + wanting.value.size());
  }

  /// Texts only grow, so what is added in the right order is the beginning of what is read later.
  bool leads_to_a_read(const std::string& text) const {
    std::size_t looked_at = 0;
    for (std::uint32_t slot = first(); !end(slot) && looked_at < reads_ahead; slot = next_[slot]) {
      if (at(slot).op != Op::get) continue;
      ++looked_at;
      if (at(slot).read && at(slot).read->starts_with(text)) return true;
    }
    return false;
  }

  /// For every read of a text: the operations that can have written its beginning.
  void find_starters() {
    starters_.resize(definite_.size());
    const auto counts = [](const Operation* o) { return o->op == Op::incr; };
    prunes_ = std::ranges::none_of(definite_, counts) && std::ranges::none_of(infos_, counts);
    if (!prunes_) return;  // a number's digits come from no single operation
    for (std::uint32_t i = 0; i < definite_.size(); ++i) {
      if (definite_[i]->op != Op::get || !definite_[i]->read) continue;
      for (std::uint32_t op = 0; op < definite_.size() + infos_.size(); ++op) {
        if (begins(operation(op), *definite_[i]->read)) starters_[i].push_back(op);
      }
    }
  }

  static bool begins(const Operation& o, const std::string& text) {
    const bool may =
        o.op == Op::append || o.op == Op::put || (o.op == Op::cas && (o.swapped || o.status == Status::info));
    return may && text.starts_with(o.value);
  }

  bool taken(std::uint32_t op) const {
    return is_info(op) ? used_[op - definite_.size()] : taken_definite_[op];
  }

  /// Some read to come can be explained no more: it neither goes on from `value`, nor is anything left that
  /// could begin its text anew.
  bool doomed(const Value& value) const {
    if (!prunes_) return false;
    std::size_t looked_at = 0;
    for (std::uint32_t slot = first(); !end(slot) && looked_at < reads_ahead; slot = next_[slot]) {
      const Operation& o = at(slot);
      if (o.op != Op::get || !o.read) continue;
      ++looked_at;
      if (value && o.read->starts_with(*value)) continue;
      const std::vector<std::uint32_t>& starters = starters_[slot - 1];
      if (std::ranges::all_of(starters, [&](std::uint32_t op) { return taken(op); })) return true;
    }
    return false;
  }

  void try_next(Frame& top) {
    const std::uint32_t op = top.candidates[top.at++];
    const Operation& o = operation(op);
    const Value& before = values_.value(top.value);
    if (top.unseen && o.op == Op::put) return;
    const std::optional<Value> value = after(before, o);
    if (!value) return;
    if (is_info(op) && *value == before) return;
    const bool unseen = is_info(op) && (o.op == Op::put || o.op == Op::del || o.op == Op::cas);
    const std::uint32_t id = values_.id(*value);
    if (!seen_.insert(print(op, id, unseen))) return;
    take(op);
    if (doomed(*value)) return drop(op);
    stack_.push_back(frame(op, id, unseen));
  }

  static std::uint64_t weight(std::uint32_t op, std::uint64_t salt) { return mix(salt, op); }

  Fingerprint print(std::uint32_t op, std::uint32_t value, bool unseen) const {
    const std::uint64_t state = std::uint64_t{value} << 1 | (unseen ? 1u : 0u);
    return {mix(taken_.high ^ weight(op, 1), state), mix(taken_.low ^ weight(op, 2), state) | 1};
  }

  void toggle(std::uint32_t op) {
    taken_.high ^= weight(op, 1);
    taken_.low ^= weight(op, 2);
  }

  void take(std::uint32_t op) {
    toggle(op);
    if (is_info(op)) {
      used_[op - definite_.size()] = true;
      return;
    }
    taken_definite_[op] = true;
    const std::uint32_t slot = op + 1;
    next_[back_[slot]] = next_[slot];
    if (!end(next_[slot])) back_[next_[slot]] = back_[slot];
    --left_;
  }

  /// Undoes the latest `take`; the links that it left in the slot are still those of that moment.
  void drop(std::uint32_t op) {
    if (op == none) return;
    toggle(op);
    if (is_info(op)) {
      used_[op - definite_.size()] = false;
      return;
    }
    taken_definite_[op] = false;
    const std::uint32_t slot = op + 1;
    next_[back_[slot]] = slot;
    if (!end(next_[slot])) back_[next_[slot]] = slot;
    ++left_;
  }

  std::vector<const Operation*> definite_;
  std::vector<const Operation*> infos_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> back_;
  std::vector<bool> taken_definite_;
  std::vector<bool> used_;
  std::vector<std::vector<std::uint32_t>> starters_;  ///< by definite operation; for reads
  bool prunes_ = false;
  std::size_t left_ = 0;
  Values values_;
  Fingerprint taken_;
  SeenSet seen_;
  std::vector<Frame> stack_;
  Infos tried_;
  std::size_t states_max_;
};

using Operations = std::vector<const Operation*>;

/// Was the value that an undecided operation would have left ever seen by anyone?
bool observed(const Operation& o, const Operations& all) {
  if (o.op == Op::incr || o.op == Op::del) return true;
  return std::ranges::any_of(all, [&](const Operation* other) {
    if (other->status != Status::ok) return false;
    if (other->op == Op::cas) return other->swapped && other->expect.contains(o.value);
    return other->op == Op::get && other->read && other->read->contains(o.value);
  });
}

/// Leaving out operations that may never have happened can only make the task harder, so a yes is a yes; a
/// no is asked again with more of them.
Verdict judge(const Operations& operations, const CheckLimits& limits, std::size_t& states) {
  Operations seen;
  for (const Operation* o : operations) {
    if (o->status == Status::ok || observed(*o, operations)) seen.push_back(o);
  }
  const auto search = [&](const Operations& tried, Search::Infos infos) {
    Search run(tried, infos, limits.states_max);
    const Verdict verdict = run.run();
    states += run.states();
    return verdict;
  };
  if (search(seen, Search::Infos::explaining) == Verdict::linearizable) return Verdict::linearizable;
  if (search(operations, Search::Infos::explaining) == Verdict::linearizable) return Verdict::linearizable;
  return search(operations, Search::Infos::all);
}

/// What was known at `cut`: later calls are unheard of, open ones undecided.
History known_at(const Operations& operations, std::int64_t cut) {
  History known;
  for (const Operation* o : operations) {
    if (o->call_ns > cut) continue;
    Operation copy = *o;
    if (copy.status == Status::ok && copy.return_ns > cut) copy.status = Status::info;
    if (copy.status == Status::info && copy.op == Op::get) continue;
    known.push_back(std::move(copy));
  }
  return known;
}

Operations pointers(const History& history) {
  Operations out;
  for (const Operation& o : history) out.push_back(&o);
  return out;
}

/// Prefixes of a linearizable history are linearizable, so the first bad one is found by halving.
History shortest_violation(const Operations& operations, const CheckLimits& limits) {
  std::vector<std::int64_t> returns;
  for (const Operation* o : operations) {
    if (o->status == Status::ok) returns.push_back(o->return_ns);
  }
  std::ranges::sort(returns);
  std::size_t low = 0;
  std::size_t high = returns.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const History known = known_at(operations, returns[middle]);
    std::size_t states = 0;
    if (judge(pointers(known), limits, states) == Verdict::violated) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return known_at(operations, returns[high]);
}

}  // namespace

Judgement check_linearizable(std::span<const Operation> history, CheckLimits limits) {
  std::map<std::string_view, Operations> by_key;
  for (const Operation& o : history) {
    if (o.status == Status::fail) continue;
    if (o.status == Status::info && o.op == Op::get) continue;
    by_key[o.key].push_back(&o);
  }
  Judgement judgement;
  for (auto& [key, operations] : by_key) {
    std::ranges::stable_sort(operations, {}, [](const Operation* o) { return o->call_ns; });
    const Verdict verdict = judge(operations, limits, judgement.states);
    if (verdict == Verdict::linearizable) continue;
    judgement.kind = verdict;
    judgement.key = key;
    if (verdict == Verdict::violated) {
      judgement.witness = shortest_violation(operations, limits);
      return judgement;
    }
  }
  return judgement;
}

}  // namespace nodedb::history
