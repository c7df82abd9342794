// SPDX-License-Identifier: Apache-2.0
// Scale-out Systolic Arrays (arXiv 2203.11540): pods of 16x16 at 1 GHz.
#include "podsim/sim/experiment.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{machine_preset_registry(), "sosa-512x16x16-butterfly2",
                                     "512 pods of 16x16 PEs, Butterfly-2", [](const NoParameters&) {
                                       return std::make_unique<MachinePreset>(MachinePreset{Json{
                                           {"pods", {{"count", 512}, {"rows", 16}, {"cols", 16}}},
                                           {"interconnect", {{"type", "butterfly"}, {"expansion", 2}}},
                                       }});
                                     }};

}  // namespace
}  // namespace podsim
