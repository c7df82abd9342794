// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/pod_chains.hpp"

#include <algorithm>

namespace podsim {
namespace {

/// So many pods that can begin are looked at for the one that need not wait.
constexpr int kCandidates = 8;

/// Levels of a tree of pairwise adds.
std::int64_t levels(std::int64_t sums) {
  std::int64_t levels = 0;
  while (std::int64_t{1} << levels < sums) ++levels;
  return levels;
}

}  // namespace

PodChains::PodChains(const TiledWorkload& work, const Machine& machine, Placer& placer, PostChain& adds)
    : work_(work),
      config_(machine.config),
      placer_(placer),
      adds_(adds),
      free_from_(static_cast<std::size_t>(machine.config.pod_count()), 0) {}

std::int64_t PodChains::chains_per_output(std::int64_t outputs, std::int64_t pieces, std::int64_t pods) {
  std::int64_t best = 1;
  std::int64_t least = ceil_div(outputs, pods) * pieces;
  const std::int64_t most = std::min(pieces, ceil_div(pods, outputs));
  for (std::int64_t chains = 2; chains <= most; ++chains) {
    const std::int64_t rounds = ceil_div(outputs * chains, pods) * ceil_div(pieces, chains) + levels(chains);
    if (rounds < least) {
      least = rounds;
      best = chains;
    }
  }
  return best;
}

int PodChains::best_pod(int group, std::uint32_t round) {
  const int first = config_.first_pod(group);
  const int end = first + config_.pod_group(group).count;
  int best = -1;
  std::size_t longest = 0;
  int looked_at = 0;
  for (int pod = first; pod < end && looked_at < kCandidates; ++pod) {
    if (free_from_[static_cast<std::size_t>(pod)] > round) continue;
    std::size_t run = 0;
    while (run < pieces_.size() &&
           placer_.is_free(pieces_[run].x_tile, pieces_[run].w_tile, round + static_cast<std::uint32_t>(run), pod)) {
      ++run;
    }
    if (run == 0) continue;
    ++looked_at;
    if (run > longest) {
      longest = run;
      best = pod;
    }
    if (run == pieces_.size()) break;
  }
  return best;
}

std::uint32_t PodChains::place_chain(int group, std::uint32_t first_round) {
  std::uint32_t round = placer_.rounds().next_for_main(first_round, group);
  int pod = -1;
  for (;; round = placer_.rounds().next_for_main(round + 1, group)) {
    pod = best_pod(group, round);
    if (pod < 0) continue;
    // A chain of one needs its P bank at once.
    if (placer_.try_on_pod(pieces_[0].op, pieces_[0].x_tile, pieces_[0].w_tile, round, pod, pieces_.size() == 1)) break;
  }
  for (std::size_t n = 1; n < pieces_.size(); ++n) {
    const bool drains = n + 1 == pieces_.size();
    ++round;
    while (!placer_.try_on_pod(pieces_[n].op, pieces_[n].x_tile, pieces_[n].w_tile, round, pod, drains)) {
      ++round;
    }
    placer_.schedule().main[pieces_[n].op].partial_sum_in = pieces_[n - 1].op;
  }
  free_from_[static_cast<std::size_t>(pod)] = round + 1;
  return round;
}

std::uint32_t PodChains::place(const GemmTiles& gemm, std::uint32_t first_round) {
  const PodConfig& pods = config_.pod_group(gemm.pod_group);
  const std::int64_t outputs = gemm.groups * gemm.i_count * gemm.k_count;
  const std::int64_t chains =
      pods.partial_sum_input ? chains_per_output(outputs, gemm.j_count, pods.count) : gemm.j_count;
  const std::int64_t length = ceil_div(gemm.j_count, chains);
  std::uint32_t last = first_round;
  std::vector<PostSource> sums;
  for (std::int64_t g = 0; g < gemm.groups; ++g) {
    for (std::int64_t first = 0; first < gemm.j_count; first += length) {
      for (std::int64_t i = 0; i < gemm.i_count; ++i) {
        for (std::int64_t k = 0; k < gemm.k_count; ++k) {
          pieces_.clear();
          for (std::int64_t j = first; j < std::min(gemm.j_count, first + length); ++j) {
            const std::uint32_t op = gemm.op(g, i, j, k);
            const OpTiles tiles = tiles_of_op(work_, op);
            pieces_.push_back({op, tiles.x_tile, tiles.w_tile});
          }
          last = std::max(last, place_chain(gemm.pod_group, first_round));
        }
      }
    }
  }
  for (std::int64_t g = 0; g < gemm.groups; ++g) {
    for (std::int64_t i = 0; i < gemm.i_count; ++i) {
      for (std::int64_t k = 0; k < gemm.k_count; ++k) {
        sums.clear();
        for (std::int64_t first = 0; first < gemm.j_count; first += length) {
          const std::int64_t end = std::min(gemm.j_count, first + length) - 1;
          sums.push_back({PostSource::Kind::main_sum, gemm.op(g, i, end, k)});
        }
        last = std::max(last, adds_.reduce(gemm, g, i, k, sums, true));
      }
    }
  }
  return last;
}

}  // namespace podsim
