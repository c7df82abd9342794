// SPDX-License-Identifier: Apache-2.0
// Jouppi et al., In-Datacenter Performance Analysis of a Tensor Processing Unit, ISCA 2017 (arXiv 1704.04760):
// 256x256 MACs, 700 MHz, 24 MiB unified buffer, 4 MiB of 32-bit accumulators, double-buffered weight tiles, weights
// from DDR3 at 34 GB/s. podsim has one capacity for all banks, so the accumulators are larger than published.
#include "podsim/sim/experiment.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{
    machine_preset_registry(), "tpuv1",
    "one 256x256 array at 700 MHz after TPUv1; approximated: every bank has the 24 MiB of the unified buffer, inputs "
    "and outputs share the 34 GB/s of the weight memory, no instruction or PCIe overhead",
    [](const NoParameters&) {
      return std::make_unique<MachinePreset>(MachinePreset{Json{
          {"clock_mhz", 700},
          {"pods", {{"count", 1}, {"rows", 256}, {"cols", 256}, {"broadcast", 1}, {"fan_in", 1}}},
          {"banks", {{"count", 1}, {"capacity_kib", 24 * 1024}}},
          {"interconnect", {{"type", "crossbar"}}},
          {"post_processors", {{"count", 1}}},
          {"dram", {{"bandwidth_gb_per_s", 34}}},
          {"partial_sum_bytes", 4},
      }});
    }};

}  // namespace
}  // namespace podsim
