// SPDX-License-Identifier: Apache-2.0
// As many PEs as the published 256 pods of 32x32 (arXiv 2203.11540), half of them in pods of 128x128. Not a published
// machine: an example of groups of pods.
#include "podsim/sim/experiment.hpp"

namespace podsim {
namespace {

const Registered<NoParameters> entry{machine_preset_registry(), "mixed-128x32x32-8x128x128",
                                     "128 pods of 32x32 PEs and 8 of 128x128, Butterfly-2", [](const NoParameters&) {
                                       const Json small{{"name", "small"}, {"count", 128}, {"rows", 32}, {"cols", 32}};
                                       const Json large{{"name", "large"}, {"count", 8}, {"rows", 128}, {"cols", 128}};
                                       return std::make_unique<MachinePreset>(MachinePreset{Json{
                                           {"pods", {{"groups", Json::array({small, large})}}},
                                           {"banks", {{"count", 256}}},
                                           {"interconnect", {{"type", "butterfly"}, {"expansion", 2}}},
                                           {"post_processors", {{"count", 256}}},
                                       }});
                                     }};

}  // namespace
}  // namespace podsim
