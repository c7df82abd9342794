#pragma once
// SPDX-License-Identifier: Apache-2.0
// The schedule of the restated published rules (published_restatement.hpp): which operation runs in which round.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/published_restatement.hpp"

namespace podsim::test::restated {

struct Tile {
  char kind;  // 'X', 'W' or 'P'
  int bank;   // -1: not chosen yet
  std::int64_t rows, cols, bytes;
  bool on_chip;          // resident at the start without being charged to its bank
  bool final_sum;        // written back when evicted
  int ready_round = -1;  // partial sums: the last round in which an operation writes the tile
};

struct MainOp {
  int x, w, p, p_in;  // tiles; p_in is -1 without a partial sum to add to
  int round, pod;
};

/// One of the two twins of an add.
struct PostOp {
  int in1, in2, out;  // tiles
  int round, pp;
};

struct Round {
  std::vector<int> op_of_pod;  // index of the main operation, -1: pod is free
  std::vector<int> post_ops;   // in the order of their post-processors
};

struct Schedule {
  std::vector<Tile> tiles;
  std::vector<MainOp> main_ops;
  std::vector<PostOp> post_ops;
  std::vector<Round> rounds;
  int last_main_round = 0, last_post_round = 0;
  int latency = 0;  ///< of a circuit, cycles
};

inline std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

Schedule make_schedule(const std::vector<RestatedLayer>& layers, const RestatedMachine& machine);

}  // namespace podsim::test::restated
