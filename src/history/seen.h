// SPDX-License-Identifier: Apache-2.0
#pragma once

// A set of 128-bit fingerprints that only grows: open addressing, sixteen bytes an element. What the
// linearizability search remembers of the states that it has been in.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nodedb::history {

struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Fingerprint&) const = default;
  bool none() const { return high == 0 && low == 0; }
};

class SeenSet {
 public:
  /// False if it was there already. Pre: not the all-zero fingerprint.
  bool insert(Fingerprint print) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    if (!place(print)) return false;
    ++size_;
    return true;
  }
  std::size_t size() const { return size_; }

 private:
  bool place(Fingerprint print) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = print.low & mask;; at = (at + 1) & mask) {
      if (slots_[at] == print) return false;
      if (slots_[at].none()) {
        slots_[at] = print;
        return true;
      }
    }
  }

  void grow() {
    std::vector<Fingerprint> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Fingerprint& print : old) {
      if (!print.none()) place(print);
    }
  }

  std::vector<Fingerprint> slots_ = std::vector<Fingerprint>(64);
  std::size_t size_ = 0;
};

}  // namespace nodedb::history
