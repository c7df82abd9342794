#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Cycles of many things, in half the memory that the type of a cycle takes.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

namespace podsim {

/// A cycle per index, or never. Cycles are kept as distances of 32 bits from a base that follows the run; the few that
/// are further ahead lie in a map.
class CycleTable {
 public:
  static constexpr std::int64_t kNever = std::int64_t{1} << 62;

  /// Starts anew at cycle 0, with `cycle` (0 or kNever) for all.
  void assign(std::size_t count, std::int64_t cycle) {
    base_ = 0;
    far_.clear();
    distances_.assign(count, cycle == kNever ? kNeverDistance : 0);
  }
  /// \pre `cycle` is not before the cycle of the last forget_before
  void set(std::size_t index, std::int64_t cycle) {
    const std::int64_t distance = cycle - base_;
    if (distance < kFarDistance) {
      distances_[index] = static_cast<std::uint32_t>(distance);
    } else if (cycle == kNever) {
      distances_[index] = kNeverDistance;
    } else {
      distances_[index] = kFarDistance;
      far_[index] = cycle;
    }
  }
  /// Exact for cycles after the one of the last forget_before; at most that cycle for those before it.
  std::int64_t at(std::size_t index) const {
    const std::uint32_t distance = distances_[index];
    if (distance < kFarDistance) return base_ + distance;
    return distance == kNeverDistance ? kNever : far_.at(index);
  }
  std::size_t size() const { return distances_.size(); }
  /// From now on it does not matter which of the cycles up to `cycle` something has. Cheap if called often.
  void forget_before(std::int64_t cycle) {
    if (cycle - base_ > kLong) count_from(cycle);
  }

 private:
  static constexpr std::uint32_t kNeverDistance = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t kFarDistance = kNeverDistance - 1;
  static constexpr std::int64_t kLong = std::int64_t{1} << 30;

  void count_from(std::int64_t cycle) {
    const std::int64_t passed = cycle - base_;
    for (std::uint32_t& distance : distances_) {
      if (distance < kFarDistance) {
        distance = distance > passed ? distance - static_cast<std::uint32_t>(passed) : 0;
      }
    }
    base_ = cycle;
  }

  std::int64_t base_ = 0;
  std::vector<std::uint32_t> distances_;  ///< from `base_`
  std::unordered_map<std::size_t, std::int64_t> far_;
};

}  // namespace podsim
