// SPDX-License-Identifier: Apache-2.0
// The conventions of SCALE-Sim v3, weight-stationary (Samajdar et al., arXiv 1811.02883; scale-sim-v2 on GitHub):
// weights are loaded before every fold, a short fold is charged as a whole one, folds do not overlap, partial sums are
// written and never read back by the array, groups do not share it. docs/validation.md compares the tools.
#include "podsim/sim/ideal_array.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{
    machine_preset_registry(), "scalesim",
    "SCALE-Sim's conventions, weight-stationary: array_cycles of a GEMM are its Total Cycles plus one; 32x32",
    [](const NoParameters&) {
      return std::make_unique<MachinePreset>(ideal_array(
          Json{
              {"weight_buffers", "single"}, {"drain", "charged"}, {"edge_folds", "full"}, {"partial_sum_input", false}},
          Json{{"tiling", {{"partition_rows", 0}, {"convolution", "im2col"}, {"pack_groups", false}}}}));
    }};

}  // namespace
}  // namespace podsim
