#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What no weight-stationary schedule can beat on a machine.

#include "podsim/models/memory_plan.hpp"

namespace podsim {

/// Lower bounds in cycles, each rounded up. Nothing of the schedule enters, and no latency.
struct LowerBound {
  std::int64_t mac = 0;   ///< MACs / PEs: every PE busy in every cycle
  std::int64_t work = 0;  ///< sum over weight tiles of m, over all pods: one activation row per pod and cycle
  std::int64_t load = 0;  ///< sum over weight tiles of their rows, over all pods: one weight row per pod and cycle
  std::int64_t dram =
      0;  ///< weights, inputs, caches and outputs, once each, at full bandwidth; no weights that can stay

  // With several groups of pods, `work` and `load` let every operation take the kind of pod on which it costs least.

  /// The largest of them.
  std::int64_t limit() const;
  /// "array", "weight loading" or "DRAM": which one is the largest.
  const char* binding() const;
};

/// Computes the bounds from the operations, with groups packed as the tiling packs them. Warm weights are fetched only
/// as far as they exceed all W banks together.
LowerBound lower_bound(const LoweredNetwork& network, const HardwareConfig& hardware,
                       WeightResidency residency = WeightResidency::cold);

}  // namespace podsim
