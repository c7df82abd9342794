#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The analytic design space of array sizes: rounds counted, nothing simulated (docs/energy.md).

#include <cstdint>
#include <vector>

#include "podsim/workloads/gemm.hpp"
#include "podsim/workloads/lowering.hpp"

namespace podsim {

/// A GEMM of a network and how many of its kind there are, groups counted one by one.
struct CountedGemm {
  Gemm gemm;  ///< one group
  std::int64_t count = 0;
};

/// The GEMMs of a network, equal ones together; groups (heads, channel groups) count as GEMMs of their own.
std::vector<CountedGemm> counted_gemms(const LoweredNetwork& network);

/// Cycles of GEMMs that follow one another on `pods` arrays of rows x cols with tiles of `rows` activation rows:
/// ceil(ceil(m / rows) ceil(k / rows) ceil(n / cols) / pods) rounds of `rows` cycles each, no stall of any kind.
std::int64_t analytic_cycles(const std::vector<CountedGemm>& gemms, int rows, int cols, int pods);

/// MACs of all of them.
std::int64_t macs(const std::vector<CountedGemm>& gemms);

}  // namespace podsim
