// SPDX-License-Identifier: Apache-2.0
// The pod and the array in SystemVerilog take the same tile operations in one simulation: in every cycle in which a row
// of sums leaves the one, the same row leaves the other, and in no other cycle.
#include <algorithm>

#include "rtl/pod_testbench.hpp"
#include "support/catch.hpp"

namespace podsim::test {
namespace {

TEST_CASE("pod against RTL: every row leaves in the same cycle with the same values, over random operations", "[rtl]") {
  // About as long for every geometry; the one of 32x32 comes on top.
  constexpr int kSimulations = 6, kOperations = 200;
  std::int64_t operations = 0, geometries = 0;
  for (const RtlPodKind& kind : rtl_pods()) {
    const bool is_counted = kind.geometry.double_buffered && kind.geometry.rows <= 16 && kind.geometry.cols <= 16;
    geometries += is_counted ? 1 : 0;
    for (int number = 0; number < kSimulations; ++number) {
      const Campaign campaign = run_random_batch(kind, 4, number, kOperations);
      REQUIRE(campaign.difference == "");
      REQUIRE(campaign.rows >= campaign.operations);
      if (is_counted) operations += campaign.operations;
    }
  }
  CHECK(geometries >= 10);
  CHECK(operations >= 10000);
}

}  // namespace
}  // namespace podsim::test
