#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The placement of one layer on arrays that keep their sums: each pod runs through the k of an output tile.

#include <cstdint>
#include <vector>

#include "podsim/models/placement.hpp"

namespace podsim {

/// Places GEMMs whose dataflow keeps sums in the PEs (OperandFlow::keeps_sums). The tile operations of an output tile
/// run through k one after the other on one pod, in successive rounds where circuits are free, and drain with the last.
/// If there are fewer output tiles than pods, k is split among several pods, as far as that saves rounds, and
/// post-processors add what they have.
class PodChains {
 public:
  PodChains(const TiledWorkload& work, const Machine& machine, Placer& placer, PostChain& adds);

  /// Puts a GEMM into the first rounds from `first_round` on that take it, its adds and finalise passes behind.
  /// \return the last round used
  std::uint32_t place(const GemmTiles& gemm, std::uint32_t first_round);

  /// Into how many chains the k of each output tile is split: as many as make the rounds of the layer fewest, with a
  /// round for each level of the tree of adds.
  static std::int64_t chains_per_output(std::int64_t outputs, std::int64_t pieces, std::int64_t pods);

 private:
  struct Piece {
    std::uint32_t op, x_tile, w_tile;
  };

  /// Puts `pieces_` on one pod; returns the last round.
  std::uint32_t place_chain(int group, std::uint32_t first_round);
  /// The pod of the group on which most pieces run in successive rounds from `round` on, or -1 if none can begin there.
  int best_pod(int group, std::uint32_t round);

  const TiledWorkload& work_;
  const HardwareConfig& config_;
  Placer& placer_;
  PostChain& adds_;
  std::vector<std::uint32_t> free_from_;  ///< per pod: the round after its last chain; it takes no other before
  std::vector<Piece> pieces_;             ///< of the chain that is placed
};

}  // namespace podsim
