#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Runs a list of GEMMs by the published rules.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/models/published/machine.hpp"
#include "podsim/models/published/workload.hpp"
#include "podsim/models/schedule.hpp"

namespace podsim::published {

/// What a run of the published tool reports, under podsim's names, and where its cycles went.
struct RunResult {
  /// Why there is no result, as in "the banks are too small"; empty if there is one.
  std::string failure;
  std::int64_t cycles = 0;           ///< -1 if it failed
  std::int64_t last_main_round = 0;  ///< index of the last round with a tile operation
  std::int64_t last_post_round = 0;  ///< index of the last round with a pass; 0 if there is none
  std::int64_t tile_operations = 0;
  std::int64_t ops = 0;       ///< 2 x MACs of all executed rounds
  std::int64_t post_ops = 0;  ///< partial sums that passes of executed rounds added; both twins count
  std::int64_t memory_stall_cycles = 0;
  std::int64_t x_bytes = 0, w_bytes = 0, p_bytes = 0;  ///< over the DRAM interface

  // The cycles are warm_up + memory_stall + round + tail.
  std::int64_t warm_up_cycles = 0;  ///< until the arrays hold the weights of round 0
  std::int64_t round_cycles = 0;    ///< sum of T over the executed rounds
  std::int64_t tail_cycles = 0;     ///< L + 1
};

/// The published placement, which uses podsim's tables of rounds (models/placement.hpp).
/// \param progress may be empty
/// \throws Error (bad_input) if the machine cannot be built
Schedule schedule(const TiledWorkload& work, const MachineConfig& config, const SchedulerProgress& progress = {},
                  const Rules& rules = {});

/// The published cycle model for a schedule. It follows DRAM cycle by cycle and skips those in which nothing can
/// change. Time grows with the cycles, at worst.
/// \param schedule made under the same rules
/// \throws Error (bad_input)
RunResult run_schedule(const TiledWorkload& work, const Schedule& schedule, const MachineConfig& machine,
                       const Rules& rules = {});

/// Cuts, schedules and runs.
/// \throws Error (bad_input)
RunResult run(const std::vector<GemmLayer>& layers, const MachineConfig& machine,
              const SchedulerProgress& progress = {});

}  // namespace podsim::published
