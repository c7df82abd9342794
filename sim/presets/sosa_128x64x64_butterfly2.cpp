// SPDX-License-Identifier: Apache-2.0
// Scale-out Systolic Arrays (arXiv 2203.11540): pods of 64x64 at 1 GHz.
#include "podsim/sim/experiment.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{machine_preset_registry(), "sosa-128x64x64-butterfly2",
                                     "128 pods of 64x64 PEs, Butterfly-2", [](const NoParameters&) {
                                       return std::make_unique<MachinePreset>(MachinePreset{Json{
                                           {"pods", {{"count", 128}, {"rows", 64}, {"cols", 64}}},
                                           {"interconnect", {{"type", "butterfly"}, {"expansion", 2}}},
                                       }});
                                     }};

}  // namespace
}  // namespace podsim
