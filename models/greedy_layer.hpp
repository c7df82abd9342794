#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The greedy placement of one layer, as published: first fit, then chains of partial sums, then pairwise adds.

#include <cstdint>

#include "podsim/models/placement.hpp"

namespace podsim {

/// Puts the tile operations of a GEMM into the first rounds from `first_round` on that take them, j outer, then i, then
/// k. Then every operation, in the order of j, offers its partial sums to the others of its output tile. Then `adds`
/// reduces what nobody took.
/// \param finalize each output tile gets its finalise pass
/// \return the last round used
std::uint32_t place_layer_greedily(const TiledWorkload& work, const GemmTiles& gemm, std::uint32_t first_round,
                                   Placer& placer, PostChain& adds, bool finalize);

}  // namespace podsim
