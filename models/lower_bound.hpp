#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What no schedule can beat on a machine.

#include "podsim/models/memory_plan.hpp"

namespace podsim {

/// Lower bounds in cycles, each rounded up. Nothing of the schedule enters, and no latency.
struct LowerBound {
  std::int64_t mac = 0;  ///< MACs / PEs: every PE busy in every cycle
  /// Rows at the X ports over all pods, one per pod and cycle: with stationary weights the sum over weight tiles of m,
  /// with stationary activations the sum over activation tiles of n, with stationary sums the sum over output tiles of
  /// k.
  std::int64_t work = 0;
  /// Rows loaded through the W ports ahead of streaming, over all pods: those of the tiles that stay.
  std::int64_t load = 0;
  std::int64_t drain = 0;  ///< rows of sums that leave arrays which keep them, over all pods
  std::int64_t dram =
      0;  ///< weights, inputs, caches and outputs, once each, at full bandwidth; no weights that can stay

  // With several groups of pods, `work`, `load` and `drain` let every operation take the kind of pod on which it costs
  // least.

  /// The largest of them.
  std::int64_t limit() const;
  /// "array", "weight loading", "output port" or "DRAM": which one is the largest.
  const char* binding() const;
};

/// Computes the bounds from the operations, with groups packed as the tiling packs them. Warm weights are fetched only
/// as far as they exceed all banks that hold weights.
LowerBound lower_bound(const LoweredNetwork& network, const HardwareConfig& hardware,
                       WeightResidency residency = WeightResidency::cold);

}  // namespace podsim
