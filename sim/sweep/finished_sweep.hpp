#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Whether a result file holds a whole sweep already.

#include <cstdint>
#include <optional>
#include <string>

#include "podsim/sim/sweep/sweep_plan.hpp"
#include "podsim/sim/sweep/sweep_shard.hpp"

namespace podsim {

/// What a finished file holds.
struct FinishedSweep {
  std::int64_t points = 0;
  std::int64_t points_ok = 0;
};

/// Looks into a file that `sweep_hdf5` or `sweep_csv` may have written.
/// \return nothing unless it holds every point of this sweep (or shard), finished, by this version of podsim: a file of
///         something else is no error, since a sweep may replace it
std::optional<FinishedSweep> finished_sweep(const std::string& path, bool is_csv, const SweepPlan& plan,
                                            const std::optional<SweepShard>& shard);

}  // namespace podsim
