#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What must hold for every run, recomputed from network, schedule and plan.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/models/program.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/workloads/network.hpp"

namespace podsim::test {

/// Sums, conservation and bounds that the result breaks, one sentence each; empty if all hold. Of an incomplete run
/// only what applies to it is looked at.
std::vector<std::string> broken_identities(const Program& program, const RunResult& result);

/// The first field in which two results differ; empty if they are equal.
std::string difference(const RunResult& a, const RunResult& b);

/// Lower bounds in cycles, from the layers of the network: nothing of lowering or tiling is used.
struct LayerBounds {
  std::int64_t mac = 0;
  std::int64_t work = 0;          ///< activation rows that pods have to take
  std::int64_t load = 0;          ///< weight rows that pods have to take
  std::int64_t drain = 0;         ///< rows of sums that leave arrays which keep them
  std::int64_t weight_bytes = 0;  ///< every matrix once
};
LayerBounds layer_bounds(const Network& network, int pods, int rows, int cols);
/// Likewise for pods of several kinds: every layer takes the cheapest, by pod cycles or by PE cycles.
LayerBounds layer_bounds(const Network& network, const HardwareConfig& hardware);

}  // namespace podsim::test
