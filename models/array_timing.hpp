#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The timing rules of an array as numbers.

#include <algorithm>
#include <cstdint>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/hardware_config.hpp"

namespace podsim {

/// When an array takes and gives rows; see docs/machine_model.md, sections 6 and 17.
class ArrayTiming {
 public:
  OperandFlow flow;
  bool double_buffered = true;     ///< weights: the next tile is loaded while the array computes
  std::int64_t weights_drain = 0;  ///< cycles from the end of streaming until a single weight buffer may be written
  /// Cycles until a row of sums is launched into P-out: from the X row that it belongs to entering the array; if sums
  /// stay in the array, from the start of draining on, for its first row.
  std::int64_t sums_latency = 0;

  explicit ArrayTiming(const PodConfig& pods);

  /// Cycles in which a tile enters through the W port ahead of streaming.
  std::int64_t load_cycles(std::int64_t depth) const { return std::max(depth, least_load_); }
  /// Cycles in which a tile takes the X port.
  std::int64_t stream_cycles(std::int64_t rows) const { return std::max(rows, least_stream_); }
  /// Cycles from the last row entering the array to its last product, for sums of this size.
  std::int64_t drain_cycles(std::int64_t sum_rows, std::int64_t sum_columns) const {
    if (!actual_drain_) return drain_;
    return ceil_div(sum_rows, fan_in_) + ceil_div(sum_columns, broadcast_) - 2;
  }
  /// Arrays that keep their sums: cycles from the start of draining until an operation that begins new sums may start.
  /// With a single plane, row i of the sums is read i cycles after the first, and the first products of the next
  /// operation reach it floor(i / fan_in) cycles after its start.
  std::int64_t sums_held(std::int64_t sum_rows, std::int64_t sum_columns) const {
    if (double_outputs_) return 0;
    const std::int64_t read = sum_rows - 1 - (sum_rows - 1) / fan_in_;
    return charges_drain_ ? std::max(read, drain_cycles(sum_rows, sum_columns)) : read;
  }

 private:
  std::int64_t least_load_ = 0;
  std::int64_t least_stream_ = 0;
  std::int64_t drain_ = 0;
  std::int64_t fan_in_ = 1, broadcast_ = 1;
  bool actual_drain_ = false;
  bool double_outputs_ = true;
  bool charges_drain_ = true;
};

/// Cycles from the end of a round's streaming until the last row of its sums is launched, at most.
std::int64_t longest_drain(const HardwareConfig& hardware);

/// All pods launch the sums of a round in the same cycle, counted from its start or its end.
bool launches_sums_together(const HardwareConfig& hardware);
/// All pods take the tiles of their W ports at the same time: ahead of a round, or in it.
bool takes_weights_together(const HardwareConfig& hardware);

}  // namespace podsim
