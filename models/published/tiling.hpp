#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Cuts a list of GEMMs into tiles as published, in the form that podsim's schedulers take.

#include <vector>

#include "podsim/models/published/machine.hpp"
#include "podsim/models/published/workload.hpp"
#include "podsim/models/tiling.hpp"

namespace podsim::published {

/// Operations, operands, tiles with their banks, and dependencies. Every layer has X and W tiles of its own: X (i, j)
/// lies in bank (j I + i) mod N and W (j, k) in bank (j K' + k) mod N. What only podsim's own machine needs (views,
/// outputs, requirements) is left empty.
/// \throws Error (bad_input) if a layer has an empty GEMM or depends on itself or on a later layer; (run_failed) if
///         there are more than 2^31 tile operations
TiledWorkload tile(const std::vector<GemmLayer>& layers, const MachineConfig& machine);

}  // namespace podsim::published
