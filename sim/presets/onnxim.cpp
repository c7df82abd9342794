// SPDX-License-Identifier: Apache-2.0
// The conventions of ONNXim's weight-stationary core (Ham et al., arXiv 2406.08051; PSAL-POSTECH/ONNXim on GitHub,
// src/SystolicWS.cc, src/operations/GemmWS.cc and ConvWS.cc): the next weights are loaded while the array computes and
// always take all rows; activations come in blocks of as many rows as the array has; an instruction takes four cycles
// at least; an accumulator behind the array adds; convolutions go kernel position by kernel position with all their
// pixels. docs/validation.md compares the tools.
#include "podsim/sim/ideal_array.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{
    machine_preset_registry(), "onnxim",
    "ONNXim's conventions, weight-stationary: compute_cycles of a layer are the cycles its array is active; 128x128",
    [](const NoParameters&) {
      return std::make_unique<MachinePreset>(ideal_array(
          Json{{"rows", 128},
               {"cols", 128},
               {"weight_buffers", "double"},
               {"edge_folds", "full"},
               {"min_stream_cycles", 4},
               {"partial_sum_input", false}},
          Json{{"tiling",
                {{"convolution", "kernel_positions"}, {"convolution_partition_rows", 0}, {"pack_groups", false}}}}));
    }};

}  // namespace
}  // namespace podsim
