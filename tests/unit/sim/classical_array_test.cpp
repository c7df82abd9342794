// SPDX-License-Identifier: Apache-2.0
// One classical array with ideal memory against the closed form of SCALE-Sim's weight-stationary dataflow (Samajdar et
// al., 2018): F x ceil(K / R) x ceil(N / C) cycles with F = 2R + C + T - 2: R to load the weights of a fold, T + R + C
// - 2 to stream T rows through, nothing of it overlapped. SCALE-Sim counts from the first weight row that enters to the
// last product. It prints one less: the index of the last cycle, not their number.
//
// What podsim does otherwise, all of it computed below, by formula:
// - Edge: a fold of k < R weight rows loads in k cycles, SCALE-Sim always takes R.
// - Dependency: a fold that adds the sums of the one before waits until they have been stored and read, R + C + 3
// cycles
//   after its start (A = R + C - 1, L = 1, a write and a read). That is longer than the fold for T + k < 5 only.
// - Ends: banks are filled before the first fold, one row per cycle; sums are finalised and written back after the
// last.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"
#include "support/scalesim_figures.hpp"

namespace podsim::test {
namespace {

/// The machine of the preset, with another array.
Setup classical(std::int64_t rows, std::int64_t cols) {
  const Json json{{"hardware", {{"preset", "classical-32x32"}, {"pods", {{"rows", rows}, {"cols", cols}}}}},
                  {"mapping", {{"tiling", {{"partition_rows", 0}}}}}};
  const Experiment experiment = read_experiment(parse_json(json.dump(), "classical.json"));
  Setup setup;
  setup.hardware = experiment.hardware;
  setup.tiling = experiment.mapping.tiling;
  setup.scheduler = experiment.mapping.scheduler;
  return setup;
}

/// The closed form.
std::int64_t scale_sim_cycles(std::int64_t rows, std::int64_t cols, const GemmSize& g) {
  return (2 * rows + cols + g.t - 2) * up(g.k, rows) * up(g.n, cols);
}

/// Simulates; compares the span of the folds and the makespan with the formulas.
/// \return cycles from the first weight row of the first fold to the last product, without waiting for anything but
///         weights
std::int64_t check_gemm(std::int64_t rows, std::int64_t cols, const GemmSize& g) {
  const Setup setup = classical(rows, cols);
  const auto program = make(one_linear(g.t, g.k, g.n), setup);
  RunOptions options;
  options.record_rounds = true;
  const RunResult result = simulate(*program, options);
  const std::int64_t folds = up(g.k, rows) * up(g.n, cols);
  CAPTURE(rows, cols, g.t, g.k, g.n, folds);
  REQUIRE(result.complete);
  REQUIRE(static_cast<std::int64_t>(program->work.op_count) == folds);

  // The folds in the order of the schedule.
  std::vector<std::uint32_t> order(static_cast<std::size_t>(folds));
  for (std::uint32_t op = 0; op < order.size(); ++op) order[op] = op;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return program->schedule.main[a].round < program->schedule.main[b].round;
  });
  auto depth = [&](std::uint32_t op) {
    const OpTiles tiles = tiles_of_op(program->work, op);
    return tile_depth(*tiles.gemm, tiles.at.g, tiles.at.j);
  };
  auto round_of = [&](std::uint32_t op) -> const RoundResult& {
    return result.round_results.at(program->schedule.main[op].round);
  };

  // Distances between folds: exact, one by one.
  std::int64_t waited = 0;
  for (std::size_t q = 1; q < order.size(); ++q) {
    const std::int64_t fold = g.t + rows + cols - 2 + depth(order[q]);
    const bool adds_last = program->schedule.main[order[q]].partial_sum_in == order[q - 1];
    const std::int64_t distance = adds_last ? std::max(fold, rows + cols + 3) : fold;
    waited += distance - fold;
    CAPTURE(q);
    REQUIRE(round_of(order[q]).stream_start - round_of(order[q - 1]).stream_start == distance);
  }
  const std::int64_t first = round_of(order.front()).stream_start, last = round_of(order.back()).stream_start;
  const std::int64_t span = last - first - waited + depth(order.front()) + g.t + rows + cols - 2;

  const std::int64_t edge = (rows * up(g.k, rows) - g.k) * up(g.n, cols);
  CHECK(span == scale_sim_cycles(rows, cols, g) - edge);

  // The ends. Weights and activations are filled side by side, a row per cycle; a read and the fabric follow.
  const std::int64_t latency = 1, read = 1, write = 1;
  const std::int64_t start = std::max(g.t, 2 * depth(order.front())) + read + latency;
  CHECK(first == start);
  // The finalise pass follows the last row, or the first sums if those come later.
  const std::int64_t wavefront = rows + cols - 1;
  const std::int64_t pass = last + std::max(g.t, wavefront + latency + write + read + latency);
  const std::int64_t stored = pass + setup.hardware.post_processors.latency_cycles + latency + write + g.t - 1;
  const std::int64_t transfer = 1;
  CHECK(result.cycles == stored + 1 + transfer);
  return span;
}

TEST_CASE("classical array: random GEMMs take the cycles of the closed form", "[sim]") {
  RandomStream random(20180, "classical array");
  for (int n = 0; n < 500; ++n) {
    const std::int64_t rows = random.between(1, 40), cols = random.between(1, 40);
    auto size = [&random](std::int64_t array) {
      // Whole folds, one row or column more or less, or anything.
      const std::int64_t folds = random.between(1, 5);
      switch (random.below(3)) {
        case 0:
          return folds * array;
        case 1:
          return std::max<std::int64_t>(1, folds * array + random.between(-1, 1));
        default:
          return random.between(1, 6 * array);
      }
    };
    const std::int64_t t = random.below(3) == 0 ? random.between(1, 5) : random.between(1, 150);
    check_gemm(rows, cols, {t, size(rows), size(cols)});
  }
}

TEST_CASE("classical array: odd GEMMs take the cycles of the closed form", "[sim]") {
  const std::vector<std::int64_t> sizes{1, 2, 31, 32, 33, 97, 127};
  for (const std::int64_t t : sizes) {
    for (const std::int64_t k : sizes) {
      for (const std::int64_t n : sizes) check_gemm(32, 32, {t, k, n});
    }
  }
}

TEST_CASE("classical array: layers of ResNet-50 and BERT take the cycles that SCALE-Sim prints", "[sim]") {
  for (const PrintedFigure& run : scalesim_figures()) {
    CAPTURE(run.layer, run.array);
    const std::int64_t folded = run.array * up(run.gemm.k, run.array);
    const std::int64_t edge = (folded - run.gemm.k) * up(run.gemm.n, run.array);
    CHECK(check_gemm(run.array, run.array, run.gemm) == run.total_cycles + 1 - edge);
  }
}

}  // namespace
}  // namespace podsim::test
