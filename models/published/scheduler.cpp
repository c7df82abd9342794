// SPDX-License-Identifier: Apache-2.0
// The published placement: first fit of tile operations into rounds, layer after layer; then chains of partial sums;
// then pairwise adds of what is left. Layers wait for the last round of all they depend on.
#include "podsim/models/greedy_layer.hpp"
#include "podsim/models/published/run.hpp"

namespace podsim::published {
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
    const std::uint32_t first_round = barriers.init(gemm.operation);
    barriers.done(gemm.operation, place_layer_greedily(work, gemm, first_round, placer, adds, false));
    placer.rounds().close_below(barriers.floor(gemm.operation + 1));
    placed += gemm.op_count;
    if (progress) progress(placed, work.op_count);
  }
  return std::move(placer.schedule());
}

}  // namespace podsim::published
