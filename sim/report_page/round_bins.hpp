#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Rounds over time, in so many bins as a picture has columns.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/sim/core/hdf5_file.hpp"

namespace podsim {

/// Equal bins of cycles; the last one may be shorter.
struct TimeBins {
  std::int64_t cycles = 0;  ///< from 0 to here
  std::int64_t width = 1;   ///< cycles of a bin

  /// The fewest cycles per bin with which there are at most so many bins.
  static TimeBins make(std::int64_t cycles, std::int64_t at_most);
  std::int64_t count() const { return cycles == 0 ? 0 : (cycles - 1) / width + 1; }
};

/// Adds an amount that is spread evenly over the cycles [begin, end), as whole numbers whose sum is the amount: bin b
/// gets what floor(amount x progress) grows by. What lies outside of the bins counts for the first or last one. Nothing
/// is lost; an empty interval counts for the bin of `begin`.
void spread(const TimeBins& bins, std::int64_t begin, std::int64_t end, std::int64_t amount,
            std::vector<std::int64_t>& into);

/// A series over the bins.
struct RoundSeries {
  std::string name;
  std::vector<std::int64_t> values;  ///< pod cycles, or cycles
};

/// What rounds tell about time. Pod cycles: "busy" (a row enters), "in_use" (an operation of a round runs or is done
/// early); cycles: "streaming", "fill", "stall_weights", … (waits lie right before the round that waited), "post" (the
/// post-processors work on a round).
/// \param rounds the table of an HDF5 report
std::vector<RoundSeries> round_series(const Hdf5Table& rounds, const TimeBins& bins);

}  // namespace podsim
