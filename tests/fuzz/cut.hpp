#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What follows the reading of a network: lowering and tiling.

#include "podsim/models/tiling.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/workloads/lowering.hpp"
#include "target.hpp"

namespace podsim::fuzz {

/// Lowers a network that was read and cuts it for a small machine.
inline void cut(const Network& network) {
  static const Machine machine(read_experiment({"fuzz", Json{{"hardware",
                                                              {{"pods", {{"count", 4}, {"rows", 8}, {"cols", 8}}},
                                                               {"interconnect", {{"type", "crossbar"}}}}}}})
                                   .hardware);
  (void)tile(lower(network, kMemoryBytes), machine, TilingConfig{}, kMemoryBytes);
}

}  // namespace podsim::fuzz
