// SPDX-License-Identifier: Apache-2.0
// Scale-out Systolic Arrays (arXiv 2203.11540): pods of 32x32 at 1 GHz.
#include "podsim/sim/experiment.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{machine_preset_registry(), "sosa-256x32x32-butterfly2",
                                     "256 pods of 32x32 PEs, Butterfly-2 (the default)", [](const NoParameters&) {
                                       return std::make_unique<MachinePreset>(MachinePreset{Json{
                                           {"pods", {{"count", 256}, {"rows", 32}, {"cols", 32}}},
                                           {"interconnect", {{"type", "butterfly"}, {"expansion", 2}}},
                                       }});
                                     }};

}  // namespace
}  // namespace podsim
