// SPDX-License-Identifier: Apache-2.0
// The machine of the textbook closed form of a weight-stationary array, rows x cols of any size: a fold of T rows takes
// 2 rows + cols + T - 2 cycles, and folds do not overlap.
#include "podsim/sim/ideal_array.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{
    machine_preset_registry(), "classical",
    "one array as in textbooks (32x32, or --set rows and cols): folds of 2 rows + cols + T - 2 cycles, ideal memory",
    [](const NoParameters&) {
      return std::make_unique<MachinePreset>(
          ideal_array(Json{{"weight_buffers", "single"}, {"drain", "charged"}, {"edge_folds", "full"}},
                      Json{{"tiling", {{"partition_rows", 0}}}}));
    }};

}  // namespace
}  // namespace podsim
