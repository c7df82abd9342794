#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file podsim's pod and the pod in SystemVerilog in one SystemC simulation, fed the same tile operations.

#include <cstdint>
#include <string>
#include <vector>

#include "rtl/rtl_models.hpp"
#include "support/pod_operations.hpp"

namespace podsim::test {

/// The RTL is in reset in the cycles before this one, and takes nothing.
inline constexpr std::int64_t kRtlFirstCycle = 2;

/// What left the RTL.
struct RtlRun {
  std::vector<OutputRow> rows;  ///< in the order in which they came; the first n values of each
  std::int64_t cycles = 0;      ///< simulated, and looked at
  std::string flaw;             ///< what no operations explain: columns that come apart, rows too many; "" if nothing
};

/// What left both.
struct SideBySideRun {
  std::vector<OutputRow> pod;
  std::string fault;  ///< of the pod; "" if there was none
  RtlRun rtl;
};

/// Runs the operations through the pod and through the RTL, a cycle of the one being a cycle of the other. Whatever the
/// operations leave undefined on the ports of the RTL is random: lanes beyond n, and all data of a cycle without a row;
/// likewise what its registers hold at first. Activations beyond k are 0, as the machine gives them.
/// \param ops none of them begins before kRtlFirstCycle
SideBySideRun run_side_by_side(const RtlPodKind& kind, const std::vector<PodOperation>& ops, std::uint64_t seed);
/// The RTL alone.
RtlRun run_rtl(const RtlPodKind& kind, const std::vector<PodOperation>& ops, std::uint64_t seed);

/// The first row in which two runs differ in cycle or values, for people; "" if they are equal.
std::string first_difference(const std::vector<OutputRow>& pod, const std::vector<OutputRow>& rtl);

/// A campaign of random operations on one geometry, in simulations of a few hundred.
struct Campaign {
  std::int64_t operations = 0;
  std::int64_t rows = 0;    ///< compared
  std::int64_t cycles = 0;  ///< in each of which the RTL gave the pod's row, or none if the pod gave none
  std::string difference;   ///< "" if there was none
};
/// One of the simulations: `count` random operations, the same for the same number and seed.
Campaign run_random_batch(const RtlPodKind& kind, std::uint64_t seed, std::int64_t number, int count);

}  // namespace podsim::test
