// SPDX-License-Identifier: Apache-2.0
// The published placement: first fit of tile operations into rounds, layer after layer; then chains of partial sums;
// then pairwise adds of what is left. Layers wait for the last round of all they depend on.
#include <algorithm>

#include "podsim/models/placement.hpp"
#include "podsim/models/published/run.hpp"

namespace podsim::published {
namespace {

/// Lets operations take over sums of others of the same output tile: every producer in order of k offers its sums to
/// the consumers in the same order. Returns the sums that nobody took.
std::vector<PostSource> chain(const GemmTiles& gemm, std::int64_t i, std::int64_t k, Placer& placer) {
  std::vector<PostSource> left;
  for (std::int64_t producer = 0; producer < gemm.j_count; ++producer) {
    bool taken = false;
    for (std::int64_t consumer = 0; consumer < gemm.j_count && !taken; ++consumer) {
      taken = placer.try_chain(gemm.op(0, i, producer, k), gemm.op(0, i, consumer, k));
    }
    if (!taken) left.push_back({PostSource::Kind::main_sum, gemm.op(0, i, producer, k)});
  }
  return left;
}

std::uint32_t place_layer(const TiledWorkload& work, const GemmTiles& gemm, std::uint32_t first_round, Placer& placer,
                          PostChain& adds) {
  std::uint32_t last = first_round;
  const std::uint32_t x_first = work.operands[gemm.activation].first_tile;
  const std::uint32_t w_first = work.operands[gemm.stationary].first_tile;
  for (std::int64_t j = 0; j < gemm.j_count; ++j) {
    for (std::int64_t i = 0; i < gemm.i_count; ++i) {
      for (std::int64_t k = 0; k < gemm.k_count; ++k) {
        last = std::max(last, placer.place_main(gemm.op(0, i, j, k), gemm.activation_tile(x_first, 0, i, j),
                                                gemm.stationary_tile(w_first, 0, j, k), first_round));
      }
    }
  }
  std::vector<std::vector<PostSource>> sums;
  for (std::int64_t i = 0; i < gemm.i_count; ++i) {
    for (std::int64_t k = 0; k < gemm.k_count; ++k) sums.push_back(chain(gemm, i, k, placer));
  }
  std::size_t output = 0;
  for (std::int64_t i = 0; i < gemm.i_count; ++i) {
    for (std::int64_t k = 0; k < gemm.k_count; ++k) {
      last = std::max(last, adds.reduce(gemm, 0, i, k, sums[output++], false));
    }
  }
  return last;
}

}  // namespace

Schedule schedule(const TiledWorkload& work, const MachineConfig& config, const SchedulerProgress& progress,
                  const Rules& rules) {
  const Machine machine = config.for_scheduler();
  Placer placer(work, machine, 0);
  placer.schedule().scheduler = "published";
  placer.schedule().without_finalize = true;
  PostChain adds(work, placer, rules.adds_issued_twice);
  LayerBarriers barriers(work);
  std::int64_t placed = 0;
  for (const GemmTiles& gemm : work.gemms) {
    barriers.done(gemm.operation, place_layer(work, gemm, barriers.init(gemm.operation), placer, adds));
    placer.rounds().close_below(barriers.floor(gemm.operation + 1));
    placed += gemm.op_count;
    if (progress) progress(placed, work.op_count);
  }
  return std::move(placer.schedule());
}

}  // namespace podsim::published
