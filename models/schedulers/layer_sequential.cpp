// SPDX-License-Identifier: Apache-2.0
// The plain baseline: one layer after the other, one block of output tiles after the other. Each pod keeps one output
// tile and runs through k, taking over its own partial sums, so that adds are needed only where a circuit is blocked.
#include <algorithm>

#include "podsim/models/pod_chains.hpp"

namespace podsim {
namespace {

/// A round that has refused this many operations is not tried any more.
constexpr std::int64_t kRoundFailures = 64;

class LayerSequential final : public Scheduler {
 public:
  void adjust(TilingConfig& tiling) const override { tiling.layers_overlap = false; }

  Schedule schedule(const TiledWorkload& work, const Machine& machine,
                    const SchedulerProgress& progress) const override {
    Placer placer(work, machine, kRoundFailures);
    placer.schedule().scheduler = "layer_sequential";
    PostChain post(work, placer, false);
    PodChains chains(work, machine, placer, post);
    std::uint32_t next = 0;
    std::int64_t placed = 0;
    for (std::size_t operation = 0; operation < work.network.operations.size(); ++operation) {
      placer.rounds().close_below(next);
      const std::uint32_t tiles = work.tiles_of_operation[operation];
      if (work.network.operations[operation].gemm() == nullptr) {
        next = post.vector(work.vectors[tiles], next) + 1;
      } else {
        const GemmTiles& gemm = work.gemms[tiles];
        next =
            1 + (gemm.flow.keeps_sums ? chains.place(gemm, next) : place_gemm(work, machine, gemm, next, placer, post));
        placed += work.gemms[tiles].op_count;
      }
      if (progress) progress(placed, work.op_count);
    }
    return std::move(placer.schedule());
  }

 private:
  struct Output {
    std::int64_t g, i, k;
  };

  static std::uint32_t place_gemm(const TiledWorkload& work, const Machine& machine, const GemmTiles& gemm,
                                  std::uint32_t first_round, Placer& placer, PostChain& post) {
    std::vector<Output> outputs;
    for (std::int64_t g = 0; g < gemm.groups; ++g) {
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) outputs.push_back({g, i, k});
      }
    }
    const auto block = static_cast<std::size_t>(machine.config.pod_group(gemm.pod_group).count);
    std::uint32_t last = first_round;
    std::uint32_t start = first_round;
    for (std::size_t from = 0; from < outputs.size(); from += block) {
      const std::size_t to = std::min(outputs.size(), from + block);
      const std::uint32_t block_end = place_block(
          work, gemm,
          {outputs.begin() + static_cast<std::ptrdiff_t>(from), outputs.begin() + static_cast<std::ptrdiff_t>(to)},
          start, placer);
      start = block_end + 1;
      last = std::max(last, block_end);
    }
    std::vector<PostSource> sums;
    for (const Output& output : outputs) {
      sums.clear();
      for (std::int64_t j = 0; j < gemm.j_count; ++j) {
        const bool taken = j + 1 < gemm.j_count &&
                           placer.schedule().main[gemm.op(output.g, output.i, j + 1, output.k)].partial_sum_in != kNone;
        if (!taken) sums.push_back({PostSource::Kind::main_sum, gemm.op(output.g, output.i, j, output.k)});
      }
      last = std::max(last, post.reduce(gemm, output.g, output.i, output.k, sums, true));
    }
    return last;
  }

  static std::uint32_t place_block(const TiledWorkload& work, const GemmTiles& gemm, const std::vector<Output>& block,
                                   std::uint32_t start, Placer& placer) {
    std::uint32_t last = start;
    for (std::int64_t j = 0; j < gemm.j_count; ++j) {
      for (const Output& output : block) {
        const std::uint32_t op = gemm.op(output.g, output.i, j, output.k);
        std::uint32_t earliest = start;
        int pod = -1;
        if (j > 0) {
          const MainPlacement& before = placer.schedule().main[gemm.op(output.g, output.i, j - 1, output.k)];
          earliest = before.round + 1;
          pod = before.pod;
        }
        const OpTiles tiles = tiles_of_op(work, op);
        const std::uint32_t round = placer.place_main(op, tiles.x_tile, tiles.w_tile, earliest, pod);
        if (j > 0) placer.try_chain(gemm.op(output.g, output.i, j - 1, output.k), op);
        last = std::max(last, round);
      }
    }
    return last;
  }
};

const Registered<NoParameters> entry{scheduler_registry(), "layer_sequential",
                                     "one layer and one block of output tiles after the other; each pod runs through k",
                                     [](const NoParameters&) { return std::make_unique<LayerSequential>(); }};

}  // namespace
}  // namespace podsim
