// SPDX-License-Identifier: Apache-2.0
// The scheduler of "Scale-out Systolic Arrays" (arXiv 2203.11540) and its released compiler: greedy first fit of tile
// operations into rounds, partial-sum chaining afterwards, pairwise adds for what is left, barriers between layers.
#include <algorithm>

#include "podsim/models/greedy_layer.hpp"
#include "podsim/models/pod_chains.hpp"

namespace podsim {
namespace {

struct SosaGreedyConfig {
  bool published = false;
  std::int64_t round_failures = 64;

  void fields(Fields& f) {
    f.boolean("published", published,
              "as published: adds issued twice, no finalise pass, vector operations free, no sharing of X tiles");
    f.integer("round_failures", round_failures, {0, std::int64_t{1} << 40}, "attempts",
              "failed attempts after which a round is not tried any more; 0: never give up (always so if published)");
  }
};

class SosaGreedy final : public Scheduler {
 public:
  explicit SosaGreedy(const SosaGreedyConfig& config) : config_(config) {}

  void adjust(TilingConfig& tiling) const override {
    if (config_.published) tiling.share_activation_tiles = false;
  }

  Schedule schedule(const TiledWorkload& work, const Machine& machine,
                    const SchedulerProgress& progress) const override {
    Placer placer(work, machine, config_.published ? 0 : config_.round_failures);
    placer.schedule().scheduler = "sosa_greedy";
    placer.schedule().without_finalize = config_.published;
    PostChain post(work, placer, config_.published);
    PodChains chains(work, machine, placer, post);
    LayerBarriers barriers(work);
    std::int64_t placed = 0;
    const auto operations = static_cast<int>(work.network.operations.size());
    for (int operation = 0; operation < operations; ++operation) {
      const std::uint32_t tiles = work.tiles_of_operation[static_cast<std::size_t>(operation)];
      const bool is_gemm = work.network.operations[static_cast<std::size_t>(operation)].gemm() != nullptr;
      // The published tool knows no finalise pass that would need the residual: whoever reads the sum waits for both.
      const bool waits_for_residual = !config_.published;
      const std::uint32_t init = barriers.init(operation, waits_for_residual);
      if (is_gemm) {
        const GemmTiles& gemm = work.gemms[tiles];
        if (config_.published && (gemm.flow.is_transposed || gemm.flow.keeps_sums)) refuse_dataflow(gemm);
        std::uint32_t last = gemm.flow.keeps_sums
                                 ? chains.place(gemm, init)
                                 : place_layer_greedily(work, gemm, init, placer, post, !config_.published);
        const std::uint32_t after_residual = barriers.init(operation);
        if (!waits_for_residual && after_residual > 0) last = std::max(last, after_residual - 1);
        barriers.done(operation, last);
        placed += gemm.op_count;
      } else if (!config_.published) {
        barriers.done(operation, post.vector(work.vectors[tiles], init));
      } else {
        // Pass-through: whoever depends on it starts where it would have started.
        barriers.done(operation, init - 1);
      }
      placer.rounds().close_below(barriers.floor(operation + 1, waits_for_residual));
      if (progress) progress(placed, work.op_count);
    }
    return std::move(placer.schedule());
  }

 private:
  [[noreturn]] static void refuse_dataflow(const GemmTiles& gemm) {
    throw Error(ErrorKind::bad_input, {Issue{{},
                                             "/mapping/scheduler/published",
                                             "the published rules know the weight-stationary dataflow only, not that "
                                             "of pod group " +
                                                 std::to_string(gemm.pod_group),
                                             "use \"published\": false, or weight_stationary pods"}});
  }

  SosaGreedyConfig config_;
};

const Registered<SosaGreedyConfig> entry{
    scheduler_registry(), "sosa_greedy", "the published greedy: first fit by round, chains, adds, layer barriers",
    [](const SosaGreedyConfig& config) { return std::make_unique<SosaGreedy>(config); }};

}  // namespace
}  // namespace podsim
