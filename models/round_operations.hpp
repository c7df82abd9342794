#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The tile operations of one round with what they read, looked up once for all that ask.

#include <cstdint>
#include <vector>

#include "podsim/models/program.hpp"

namespace podsim {

/// A tile operation of a round. Points into the program.
struct RoundOperation {
  std::uint32_t op = 0;
  std::uint32_t x_tile = 0, w_tile = 0;  ///< that the X and the W fabric bring
  const GemmTiles* gemm = nullptr;
  OpIndex at;
  const MainPlacement* place = nullptr;
  const StoredTile* x = nullptr;  ///< the tile `x_tile`
  const StoredTile* w = nullptr;  ///< the tile `w_tile`
};

/// Those of the round that was looked up last, in the order of their pods.
class RoundOperations {
 public:
  void clear() { round_ = kNone; }
  const std::vector<RoundOperation>& of(const Program& program, std::uint32_t round) {
    if (round_ != round) look_up(program, round);
    return operations_;
  }

 private:
  void look_up(const Program& program, std::uint32_t round) {
    const TiledWorkload& work = program.work;
    operations_.clear();
    OpCursor cursor(work);
    for (std::uint32_t n = program.order.main_first[round]; n < program.order.main_first[round + 1]; ++n) {
      const std::uint32_t op = program.order.main_ids[n];
      const OpTiles& tiles = cursor.at(op);
      operations_.push_back({op, tiles.x_tile, tiles.w_tile, tiles.gemm, tiles.at, &program.schedule.main[op],
                             &work.tiles[tiles.x_tile], &work.tiles[tiles.w_tile]});
    }
    round_ = round;
  }

  std::uint32_t round_ = kNone;
  std::vector<RoundOperation> operations_;
};

}  // namespace podsim
