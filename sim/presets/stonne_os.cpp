// SPDX-License-Identifier: Apache-2.0
// The conventions of STONNE's output-stationary mesh (Munoz-Martinez et al., arXiv 2006.07137; stonne-simulator on
// GitHub): output tiles follow each other, each with its actual size, and the next one waits for the last product.
// STONNE adds five cycles per tile to configure and to collect (docs/machine_model.md, section 16).
#include "podsim/sim/ideal_array.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{
    machine_preset_registry(), "stonne_os",
    "STONNE's conventions, output-stationary mesh: compute_cycles of a GEMM, 5 a tile less than STONNE; 32x32",
    [](const NoParameters&) {
      return std::make_unique<MachinePreset>(ideal_array(Json{{"dataflow", "output_stationary"},
                                                              {"output_buffers", "single"},
                                                              {"drain", "charged"},
                                                              {"edge_folds", "actual"}},
                                                         Json{{"tiling", {{"partition_rows", 0}}}}));
    }};

}  // namespace
}  // namespace podsim
