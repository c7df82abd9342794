#pragma once
// SPDX-License-Identifier: Apache-2.0
// A second statement of the published tool's rules (sosa-compiler, 2022), for tests only. It shares no code with
// podsim, looks every rule up the long way, and is slow: its worth is that it was written apart from the scheduler and
// the cycle rules that it is compared with.

#include <cstdint>
#include <string>
#include <vector>

namespace podsim::test {

/// One matrix layer: X[m, k] times W[k, n].
struct RestatedLayer {
  std::int64_t m, k, n;
  std::int64_t kernel_area;  ///< kernel height x width of a convolution, 1 for a dense layer
  std::vector<int> deps;     ///< indices of earlier layers
  bool raw_input;            ///< the activations come from DRAM (else they are taken to be on chip)
};

struct RestatedMachine {
  int pods, rows, cols;
  std::int64_t bank_bytes;
  double bandwidth_gib_per_s;
  int prefetch_rounds;
  std::int64_t partition;    ///< activation rows of a tile; 0: as many as the array has rows
  std::string interconnect;  ///< crossbar, bus, benes_copy, banyan_exp_0 .. banyan_exp_3
};

/// What the published tool reports. cycles is -1 where it gives up (deadlock, or a bank that is too small).
struct RestatedRun {
  std::int64_t cycles, last_main_round, last_post_round, ops, post_ops, memory_stall_cycles, tile_ops, x_bytes, w_bytes,
      p_bytes;
};

/// Schedules the layers and plays the schedule under the published rules.
/// Throws std::invalid_argument for an unknown interconnect or a dependency that is not an earlier layer.
RestatedRun restate_published(const std::vector<RestatedLayer>& layers, const RestatedMachine& machine);

}  // namespace podsim::test
