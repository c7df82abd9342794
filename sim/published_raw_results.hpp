#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Raw results of the published tool.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/models/published/machine.hpp"

namespace podsim::published {

/// What the authors' tool (sosa-compiler, EPFL, 2022) printed for one run: a network at image 299 and batch 1 on arrays
/// of 32x32 PEs, with 1200 "GB/s", banks of 256 KiB, and up to 100 rounds of prefetch.
struct RawResult {
  std::string network;       ///< densenet121, densenet169, densenet201, inception, resnet50, resnet101 or resnet152
  std::string interconnect;  ///< crossbar, butterfly-1, butterfly-2 (the figure counts planes) or benes-copy
  int pods = 0;
  std::int64_t cycles = 0, last_main_round = 0, last_post_round = 0, ops = 0, post_ops = 0, memory_stall_cycles = 0,
               tile_operations = 0, x_bytes = 0, w_bytes = 0;

  /// The same network in podsim's zoo.
  const std::string& network_source() const;
  /// The interconnect under podsim's name.
  PluginConfig topology() const;
  MachineConfig machine() const;
};

/// 84 runs: every network on four interconnects with 32, 128 and 256 pods.
const std::vector<RawResult>& raw_results();

}  // namespace podsim::published
