#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A part of a sweep that is run by itself, perhaps on another machine.

#include <cstddef>
#include <cstdint>
#include <string>

namespace podsim {

/// Shard `number` of `count`: every count-th point. Neighbouring points, which often take as long as each other, are
/// dealt to all shards.
struct SweepShard {
  std::int64_t number = 1;  ///< from 1
  std::int64_t count = 1;

  /// Point p belongs to shard p mod count + 1.
  bool has(std::size_t point) const { return static_cast<std::int64_t>(point) % count + 1 == number; }
  /// "2/3"
  std::string text() const { return std::to_string(number) + "/" + std::to_string(count); }
  friend bool operator==(const SweepShard& a, const SweepShard& b) {
    return a.number == b.number && a.count == b.count;
  }
};

/// Reads "2/3". \throws Error (bad_input) that says what is allowed
SweepShard parse_shard(const std::string& text);

}  // namespace podsim
