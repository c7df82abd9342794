#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file From a lowered network to a program.

#include <memory>
#include <vector>

#include "podsim/models/program.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/run_options.hpp"

namespace podsim {

/// A program, and what making it took on the host.
struct Prepared {
  std::unique_ptr<Program> program;
  double lowering_seconds = 0;
  double scheduling_seconds = 0;
};

/// Cuts, schedules and plans.
/// \param releases when operations may begin; empty: at once
/// \throws Error
Prepared prepare_lowered(LoweredNetwork network, const HardwareConfig& hardware, const MappingConfig& mapping,
                         const RunOptions& options, std::vector<Release> releases = {});

}  // namespace podsim
