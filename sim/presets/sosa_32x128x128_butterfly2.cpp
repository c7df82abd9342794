// SPDX-License-Identifier: Apache-2.0
// Scale-out Systolic Arrays (arXiv 2203.11540): pods of 128x128 at 1 GHz.
#include "podsim/sim/experiment.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{machine_preset_registry(), "sosa-32x128x128-butterfly2",
                                     "32 pods of 128x128 PEs, Butterfly-2", [](const NoParameters&) {
                                       return std::make_unique<MachinePreset>(MachinePreset{Json{
                                           {"pods", {{"count", 32}, {"rows", 128}, {"cols", 128}}},
                                           {"interconnect", {{"type", "butterfly"}, {"expansion", 2}}},
                                       }});
                                     }};

}  // namespace
}  // namespace podsim
