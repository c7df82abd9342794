// SPDX-License-Identifier: Apache-2.0
#include "benches/floors.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <systemc>

#include "benches/bench.hpp"
#include "podsim/models/values/int8_gemm.hpp"
#include "podsim/workloads/dot_product.hpp"
#include "support/kernel.hpp"

namespace podsim::bench {
namespace {

class Sleeper final : public sc_core::sc_module {
 public:
  Sleeper(const sc_core::sc_module_name& name, std::int64_t activations, Spread spread, unsigned number)
      : sc_module(name), left_(activations) {
    for (unsigned phase = 0; phase < naps_.size(); ++phase) {
      const unsigned cycles = spread == Spread::equal ? 32 : 16 + (number * 7 + phase * 13) % 97;
      naps_[phase] = sc_core::sc_time(cycles, sc_core::SC_NS);
    }
    SC_METHOD(wake);
  }

 private:
  SC_HAS_PROCESS(Sleeper);
  void wake() {
    if (--left_ > 0) next_trigger(naps_[static_cast<std::size_t>(left_) % naps_.size()]);
  }

  std::int64_t left_;
  std::array<sc_core::sc_time, 4> naps_;
};

constexpr std::int64_t kTile = 32;
constexpr std::int64_t kTileMacs = kTile * kTile * kTile;

/// A number that depends on the work, so that the compiler cannot leave it out.
volatile std::int32_t sink = 0;

double int8_gemm_seconds(std::int64_t tiles) {
  std::vector<std::int16_t> x(kTile * kTile, 3), w(kTile * kTile, -2);
  std::vector<std::int32_t> sums(kTile * kTile);
  const Int8Gemm run = int8_gemm_kernels().back().run;
  const auto start = Clock::now();
  for (std::int64_t t = 0; t < tiles; ++t) {
    run(x.data(), kTile, depth_pairs(kTile), w.data(), padded_columns(kTile), sums.data());
  }
  const double seconds = seconds_since(start);
  sink = sums[0];
  return seconds;
}

double dot_seconds(std::int64_t tiles) {
  std::vector<std::uint8_t> x(kTile * kTile + 3, 131);
  std::vector<std::int8_t> w(kTile * kTile, -2);
  std::vector<std::int32_t> sums(kDotRows * kTile);
  std::array<const std::uint8_t*, kTile> rows{};
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = x.data() + r * kTile;
  const std::ptrdiff_t segment = 0;
  const auto panel = dot_kernels().back().panel;
  const auto start = Clock::now();
  for (std::int64_t t = 0; t < tiles; ++t) {
    for (int r = 0; r < kTile; r += kDotRows) {
      DotPanel part;
      part.rows = rows.data() + r;
      part.row_count = std::min<int>(kDotRows, static_cast<int>(kTile) - r);
      part.segments = &segment;
      part.quads = kTile / 4;
      part.weights = w.data();
      part.blocks = kTile / kDotLanes;
      panel(part, sums.data());
    }
  }
  const double seconds = seconds_since(start);
  sink = sums[0];
  return seconds;
}

#if defined(__GNUC__)
[[gnu::always_inline]]
#endif
inline void
plain_tile(const std::int8_t* x, const std::int8_t* w, std::int32_t* sums) {
  for (int r = 0; r < kTile; ++r) {
    for (int d = 0; d < kTile; ++d) {
      const std::int32_t factor = x[r * kTile + d];
      for (int c = 0; c < kTile; ++c) sums[r * kTile + c] += factor * w[d * kTile + c];
    }
  }
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2"))) void plain_tile_avx2(const std::int8_t* x, const std::int8_t* w, std::int32_t* sums) {
  plain_tile(x, w, sums);
}
#endif
void plain_tile_portable(const std::int8_t* x, const std::int8_t* w, std::int32_t* sums) {
  plain_tile(x, w, sums);
}

}  // namespace

double plain_mac_seconds(std::int64_t macs) {
  std::vector<std::int8_t> x(kTile * kTile, 1), w(kTile * kTile, 0);
  std::vector<std::int32_t> sums(kTile * kTile);
  auto* tile = &plain_tile_portable;
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2")) tile = &plain_tile_avx2;
#endif
  const auto start = Clock::now();
  for (std::int64_t t = 0; t < (macs + kTileMacs - 1) / kTileMacs; ++t) tile(x.data(), w.data(), sums.data());
  const double seconds = seconds_since(start);
  sink = sums[0];
  return seconds;
}

double activation_seconds(std::int64_t activations, int methods, Spread spread) {
  const test::Kernel kernel;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (int m = 0; m < methods; ++m) {
    const std::int64_t share = activations / methods + (m < activations % methods ? 1 : 0);
    sleepers.push_back(
        std::make_unique<Sleeper>(("sleeper_" + std::to_string(m)).c_str(), share, spread, static_cast<unsigned>(m)));
  }
  sc_core::sc_start(sc_core::SC_ZERO_TIME);  // elaboration, and the first activation of each
  const auto start = Clock::now();
  sc_core::sc_start();
  const double seconds = seconds_since(start);
  while (!sleepers.empty()) sleepers.pop_back();
  return seconds;
}

MacFloor mac_seconds(std::int64_t macs) {
  const std::int64_t tiles = (macs + kTileMacs - 1) / kTileMacs;
  const std::int64_t trial = std::max<std::int64_t>(1, tiles / 50);
  const bool dot = dot_seconds(trial) < int8_gemm_seconds(trial);
  MacFloor floor;
  floor.seconds = dot ? dot_seconds(tiles) : int8_gemm_seconds(tiles);
  floor.kernel = dot ? std::string("dot_product ") + dot_kernels().back().name
                     : std::string("int8_gemm ") + int8_gemm_kernels().back().name;
  return floor;
}

}  // namespace podsim::bench
