// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/granularity.hpp"

#include <map>
#include <tuple>

#include "podsim/sim/core/units.hpp"

namespace podsim {

std::vector<CountedGemm> counted_gemms(const LoweredNetwork& network) {
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t> counts;
  for (const Operation& operation : network.operations) {
    const GemmOperation* gemm = operation.gemm();
    if (gemm != nullptr) counts[{gemm->gemm.m, gemm->gemm.k, gemm->gemm.n}] += gemm->gemm.groups;
  }
  std::vector<CountedGemm> out;
  for (const auto& [size, count] : counts) {
    out.push_back({{std::get<0>(size), std::get<1>(size), std::get<2>(size), 1}, count});
  }
  return out;
}

std::int64_t analytic_cycles(const std::vector<CountedGemm>& gemms, int rows, int cols, int pods) {
  std::int64_t cycles = 0;
  for (const auto& [gemm, count] : gemms) {
    const std::int64_t tiles = ceil_div(gemm.m, rows) * ceil_div(gemm.k, rows) * ceil_div(gemm.n, cols);
    cycles += count * ceil_div(tiles, pods) * rows;
  }
  return cycles;
}

std::int64_t macs(const std::vector<CountedGemm>& gemms) {
  std::int64_t sum = 0;
  for (const auto& [gemm, count] : gemms) sum += count * gemm.macs();
  return sum;
}

}  // namespace podsim
