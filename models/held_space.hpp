#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How many bytes each of the items holds that are in a bank now: a small table, whatever the run has in items.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "podsim/models/memory_plan.hpp"

namespace podsim {

/// Bytes by item, for the few items that hold any at a time. A hash table with open addressing: no memory per entry,
/// and never walked through.
class HeldSpace {
 public:
  HeldSpace() { clear(); }

  void clear() {
    entries_.assign(kFewest, {kNone, 0});
    count_ = 0;
  }
  bool holds(ItemId item) const { return entries_[find(item)].item == item; }
  /// \pre the item holds nothing
  void add(ItemId item, std::uint32_t bytes) {
    if (2 * (count_ + 1) > entries_.size()) grow();
    entries_[find(item)] = {item, bytes};
    ++count_;
  }
  /// The bytes that the item held, and holds no more; nothing if it held none.
  std::optional<std::uint32_t> take(ItemId item) {
    std::size_t hole = find(item);
    if (entries_[hole].item != item) return std::nullopt;
    const std::uint32_t bytes = entries_[hole].bytes;
    // Moves entries behind the hole into it, as far as it would hide them.
    for (std::size_t n = next(hole); entries_[n].item != kNone; n = next(n)) {
      const std::size_t home = home_of(entries_[n].item);
      if (((n - home) & mask()) < ((n - hole) & mask())) continue;
      entries_[hole] = entries_[n];
      hole = n;
    }
    entries_[hole].item = kNone;
    --count_;
    return bytes;
  }

 private:
  struct Entry {
    ItemId item;  ///< or kNone
    std::uint32_t bytes;
  };
  static constexpr std::size_t kFewest = 1024;

  std::size_t mask() const { return entries_.size() - 1; }
  std::size_t next(std::size_t n) const { return (n + 1) & mask(); }
  /// Items in a row mostly stay together, in one cache line; lines are scattered, so that no long runs grow.
  std::size_t home_of(ItemId item) const {
    constexpr std::uint32_t kSpread = 2654435761;  // Knuth's multiplicative hash: 2^32 / golden ratio
    const std::uint32_t line = item / 8 * kSpread;
    return ((line >> 10 << 3) + item % 8) & mask();
  }
  /// Where the item is, or would be.
  std::size_t find(ItemId item) const {
    std::size_t n = home_of(item);
    while (entries_[n].item != item && entries_[n].item != kNone) n = next(n);
    return n;
  }
  void grow() {
    const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(2 * entries_.size(), {kNone, 0}));
    for (const Entry& entry : old) {
      if (entry.item != kNone) entries_[find(entry.item)] = entry;
    }
  }

  std::vector<Entry> entries_;  ///< as many as a power of two
  std::size_t count_ = 0;
};

}  // namespace podsim
