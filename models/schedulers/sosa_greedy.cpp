// SPDX-License-Identifier: Apache-2.0
// The scheduler of "Scale-out Systolic Arrays" (arXiv 2203.11540) and its released compiler: greedy first fit of tile
// operations into rounds, partial-sum chaining afterwards, pairwise adds for what is left, barriers between layers.
#include <algorithm>

#include "podsim/models/placement.hpp"

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
        std::uint32_t last = place_gemm(work, gemm, init, placer, post);
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
  std::uint32_t place_gemm(const TiledWorkload& work, const GemmTiles& gemm, std::uint32_t init, Placer& placer,
                           PostChain& post) const {
    std::uint32_t last = init;
    const std::uint32_t x_first = work.operands[gemm.activation].first_tile;
    const std::uint32_t w_first = work.operands[gemm.stationary].first_tile;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        for (std::int64_t i = 0; i < gemm.i_count; ++i) {
          const std::uint32_t x_tile = gemm.activation_tile(x_first, g, i, j);
          for (std::int64_t k = 0; k < gemm.k_count; ++k) {
            const std::uint32_t op = gemm.op(g, i, j, k);
            last = std::max(last, placer.place_main(op, x_tile, gemm.stationary_tile(w_first, g, j, k), init));
          }
        }
      }
    }
    std::vector<PostSource> sums;
    std::vector<char> consumed;
    std::vector<std::uint32_t> consumers;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      // All chains first: adds come after them, as published.
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) chain(gemm, g, i, k, placer, consumers);
      }
    }
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) {
          consumed.assign(static_cast<std::size_t>(gemm.j_count), 0);
          for (std::int64_t j = 0; j < gemm.j_count; ++j) {
            const std::uint32_t taken = placer.schedule().main[gemm.op(g, i, j, k)].partial_sum_in;
            if (taken != kNone) consumed[static_cast<std::size_t>(op_index(gemm, taken).j)] = 1;
          }
          sums.clear();
          for (std::int64_t j = 0; j < gemm.j_count; ++j) {
            if (consumed[static_cast<std::size_t>(j)] == 0) {
              sums.push_back({PostSource::Kind::main_sum, gemm.op(g, i, j, k)});
            }
          }
          last = std::max(last, post.reduce(gemm, g, i, k, sums, !config_.published));
        }
      }
    }
    return last;
  }

  /// For each producer the first consumer, in the order of j, that takes no partial sums yet and can take these.
  static void chain(const GemmTiles& gemm, std::int64_t g, std::int64_t i, std::int64_t k, Placer& placer,
                    std::vector<std::uint32_t>& consumers) {
    consumers.clear();
    for (std::int64_t j = 0; j < gemm.j_count; ++j) consumers.push_back(gemm.op(g, i, j, k));
    for (std::int64_t j = 0; j < gemm.j_count && !consumers.empty(); ++j) {
      const std::uint32_t producer = gemm.op(g, i, j, k);
      const auto taker = std::find_if(consumers.begin(), consumers.end(),
                                      [&](std::uint32_t consumer) { return placer.try_chain(producer, consumer); });
      if (taker != consumers.end()) consumers.erase(taker);
    }
  }

  SosaGreedyConfig config_;
};

const Registered<SosaGreedyConfig> entry{
    scheduler_registry(), "sosa_greedy", "the published greedy: first fit by round, chains, adds, layer barriers",
    [](const SosaGreedyConfig& config) { return std::make_unique<SosaGreedy>(config); }};

}  // namespace
}  // namespace podsim
