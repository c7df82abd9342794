// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/greedy_layer.hpp"

#include <algorithm>

namespace podsim {
namespace {

/// For each producer the first consumer, in the order of j, that takes no partial sums yet and can take these.
/// \param left gets the operations whose sums nobody takes
/// \param consumers scratch
void chain(const GemmTiles& gemm, std::int64_t g, std::int64_t i, std::int64_t k, Placer& placer,
           std::vector<std::uint32_t>& left, std::vector<std::uint32_t>& consumers) {
  consumers.clear();
  for (std::int64_t j = 0; j < gemm.j_count; ++j) consumers.push_back(gemm.op(g, i, j, k));
  for (std::int64_t j = 0; j < gemm.j_count; ++j) {
    const std::uint32_t producer = gemm.op(g, i, j, k);
    const auto taker = std::find_if(consumers.begin(), consumers.end(),
                                    [&](std::uint32_t consumer) { return placer.try_chain(producer, consumer); });
    if (taker != consumers.end()) {
      consumers.erase(taker);
    } else {
      left.push_back(producer);
    }
  }
}

}  // namespace

std::uint32_t place_layer_greedily(const TiledWorkload& work, const GemmTiles& gemm, std::uint32_t first_round,
                                   Placer& placer, PostChain& adds, bool finalize) {
  std::uint32_t last = first_round;
  OpCursor cursor(work);
  for (std::int64_t g = 0; g < gemm.groups; ++g) {
    for (std::int64_t j = 0; j < gemm.j_count; ++j) {
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) {
          const std::uint32_t op = gemm.op(g, i, j, k);
          const OpTiles& tiles = cursor.at(op);
          last = std::max(last, placer.place_main(op, tiles.x_tile, tiles.w_tile, first_round));
        }
      }
    }
  }
  auto for_each_output = [&gemm](auto body) {
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) body(g, i, k);
      }
    }
  };
  // All chains first: adds come after them, as published.
  std::vector<std::uint32_t> left, consumers;
  std::vector<std::size_t> left_first{0};  // per output tile, and one more
  for_each_output([&](std::int64_t g, std::int64_t i, std::int64_t k) {
    chain(gemm, g, i, k, placer, left, consumers);
    left_first.push_back(left.size());
  });
  std::vector<PostSource> sums;
  std::size_t output = 0;
  for_each_output([&](std::int64_t g, std::int64_t i, std::int64_t k) {
    sums.clear();
    for (std::size_t n = left_first[output]; n < left_first[output + 1]; ++n) {
      sums.push_back({PostSource::Kind::main_sum, left[n]});
    }
    ++output;
    last = std::max(last, adds.reduce(gemm, g, i, k, sums, finalize));
  });
  return last;
}

}  // namespace podsim
