#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The machine that presets of single arrays have in common.

#include <utility>

#include "podsim/sim/experiment.hpp"

namespace podsim {

/// One array whose operands move PE by PE, of 32 x 32 unless `pods` says otherwise, on a crossbar with memory that is
/// as good as ideal. \param pods keys of `pods` that differ from that array
inline MachinePreset ideal_array(const Json& pods, Json mapping) {
  Json array{{"count", 1}, {"rows", 32}, {"cols", 32}, {"broadcast", 1}, {"fan_in", 1}};
  array.update(pods);
  return {Json{{"pods", std::move(array)},
               {"banks", {{"count", 16}, {"capacity_kib", 1024 * 1024}}},
               {"interconnect", {{"type", "crossbar"}}},
               {"post_processors", {{"count", 1}}},
               {"dram", {{"bandwidth_gb_per_s", 1e6}}}},
          std::move(mapping)};
}

}  // namespace podsim
