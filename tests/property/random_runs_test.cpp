// SPDX-License-Identifier: Apache-2.0
// Random small networks on random machines: whatever is allowed runs, and what must hold for every run holds.
// PODSIM_PROPERTY_CASES and PODSIM_PROPERTY_SEED change how many cases there are and with which they begin; to repeat
// one, set its seed and one case.
#include <iostream>
#include <set>
#include <string>

#include "podsim/models/lower_bound.hpp"
#include "podsim/sim/simulator.hpp"
#include "property/property_case.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"

namespace podsim::test {
namespace {

/// On how many kinds of pods the program has tile operations.
std::size_t used_groups(const Program& program) {
  std::set<int> groups;
  for (const GemmTiles& gemm : program.work.gemms) groups.insert(gemm.pod_group);
  return groups.size();
}

TEST_CASE("random runs: identities, bounds and order independence hold for random networks and machines",
          "[property]") {
  const std::int64_t cases = from_environment("PODSIM_PROPERTY_CASES", 200);
  const std::int64_t first = from_environment("PODSIM_PROPERTY_SEED", 1);
  std::int64_t advised = 0, spilled = 0, grouped = 0, transposed = 0, kept = 0;
  for (std::int64_t n = 0; n < cases; ++n) {
    Case random = random_case(static_cast<std::uint64_t>(first + n));
    // Banks that hold just what a round needs.
    if (n % 8 == 0) random.setup.hardware.banks.capacity_kib = 1;
    INFO(random.text);
    const std::int64_t capacity = random.setup.hardware.bank_capacity().count();
    const std::unique_ptr<Program> program = make_or_advise(random);
    if (random.setup.hardware.bank_capacity().count() != capacity) ++advised;
    RunResult result;
    try {
      RunOptions recorded;
      recorded.record_rounds = true;
      result = simulate(*program, recorded);
    } catch (const Error& error) {
      FAIL(error.what());
    }
    if (result.dram.spilled_bytes > 0) ++spilled;
    if (used_groups(*program) > 1) ++grouped;
    for (const MainPlacement& place : program->schedule.main) {
      if (place.p_bank != kNoBank) continue;
      ++kept;
      break;
    }
    for (const GemmTiles& gemm : program->work.gemms) {
      if (!gemm.flow.is_transposed) continue;
      ++transposed;
      break;
    }
    REQUIRE(result.complete);
    const auto broken = broken_identities(*program, result);
    CAPTURE(broken);
    REQUIRE(broken.empty());

    const HardwareConfig& hardware = random.setup.hardware;
    const LowerBound bound = lower_bound(program->work.network, hardware);
    const LayerBounds layers = layer_bounds(random.network, hardware);
    REQUIRE(bound.mac == layers.mac);
    REQUIRE(bound.work == layers.work);
    REQUIRE(bound.load == layers.load);
    REQUIRE(bound.drain == layers.drain);
    if (!program->schedule.without_finalize) {
      CAPTURE(result.cycles, bound.mac, bound.work, bound.load, bound.dram);
      REQUIRE(result.cycles >= std::max(bound.limit(), bound.mac));
    }

    RunOptions shuffled;
    shuffled.shuffle_seed = static_cast<std::uint64_t>(n);
    const std::string differs = difference(result, simulate(*program, shuffled));
    CAPTURE(differs);
    REQUIRE(differs.empty());
  }
  // The cases are of use only if they reach the corners.
  if (cases >= 200) {
    CHECK(advised > cases / 50);
    CHECK(spilled > cases / 50);
    CHECK(grouped > cases / 50);
    CHECK(transposed > cases / 10);  // activations stay
    CHECK(kept > cases / 20);        // sums stay in a pod for the next operation
  }
}

}  // namespace
}  // namespace podsim::test
