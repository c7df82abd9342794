// SPDX-License-Identifier: Apache-2.0
// The machine of the closed forms for one array: a tile takes k + m + rows + cols - 2 cycles.
#include "podsim/sim/experiment.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{
    machine_preset_registry(), "classical-32x32",
    "one 32x32 array as in textbooks: no broadcast, single weight buffer, ideal memory", [](const NoParameters&) {
      return std::make_unique<MachinePreset>(MachinePreset{Json{
          {"pods",
           {{"count", 1}, {"rows", 32}, {"cols", 32}, {"broadcast", 1}, {"fan_in", 1}, {"weight_buffers", "single"}}},
          {"banks", {{"count", 1}, {"capacity_kib", 1024 * 1024}}},
          {"interconnect", {{"type", "crossbar"}}},
          {"post_processors", {{"count", 1}}},
          {"dram", {{"bandwidth_gb_per_s", 1e6}}},
      }});
    }};

}  // namespace
}  // namespace podsim
