// SPDX-License-Identifier: Apache-2.0
// Random small networks on random machines compute what the reference computes, to the bit, whatever happens to the
// timing. PODSIM_PROPERTY_CASES and PODSIM_PROPERTY_SEED as in random_runs_test.cpp.
#include <set>

#include "podsim/sim/functional.hpp"
#include "podsim/sim/simulator.hpp"
#include "property/property_case.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"

namespace podsim::test {
namespace {

std::string differences(const FunctionalResult& result) {
  std::string text;
  for (const OutputComparison& output : result.outputs) {
    if (output.different > 0) {
      text += output.name + ": " + std::to_string(output.different) + " of " + std::to_string(output.elements) + ", " +
              output.first + "\n";
    }
  }
  return text;
}

TEST_CASE("functional runs: random networks on random machines equal the reference bit for bit", "[property]") {
  const std::int64_t cases = from_environment("PODSIM_PROPERTY_CASES", 200);
  const std::int64_t first = from_environment("PODSIM_PROPERTY_SEED", 1);
  std::int64_t run = 0, spilled = 0, varied = 0;
  for (std::int64_t n = 0; n < cases; ++n) {
    Case random = random_case(static_cast<std::uint64_t>(first + n));
    // Banks that hold just what a round needs: tiles are evicted, spilled and fetched again all the time.
    if (n % 4 == 0) random.setup.hardware.banks.capacity_kib = 1;
    INFO(random.text);
    const std::unique_ptr<Program> program = make_or_advise(random);
    if (program->schedule.without_finalize) continue;  // the published machine has no passes that compute values
    ++run;
    const auto seed = static_cast<std::uint64_t>(first + n);
    const ValuedRun reference = value_network(random.network, {}, seed);
    const RunResult timing = simulate(*program, {});

    ValuePlane values(*program, random.network, reference.values);
    const RunResult result = simulate(*program, {}, &values);
    const std::string wrong = differences(
        compare_outputs(random.network, program->work.network, values.tensors(), reference.outputs.tensors));
    CAPTURE(wrong);
    REQUIRE(wrong.empty());
    const std::string moved = difference(timing, result);
    CAPTURE(moved);
    REQUIRE(moved.empty());
    if (result.dram.spilled_bytes > 0) ++spilled;
    for (const auto& output : reference.outputs.tensors) {
      if (std::set<std::int8_t>(output.begin(), output.end()).size() > 1) {
        ++varied;
        break;
      }
    }

    RunOptions disturbed;
    disturbed.stall_seed = seed;
    disturbed.shuffle_seed = seed;
    ValuePlane again(*program, random.network, reference.values);
    const RunResult late = simulate(*program, disturbed, &again);
    const std::string disturbed_wrong =
        differences(compare_outputs(random.network, program->work.network, again.tensors(), reference.outputs.tensors));
    CAPTURE(disturbed_wrong, late.cycles);
    REQUIRE(disturbed_wrong.empty());
    REQUIRE(late.macs == result.macs);
  }
  // The cases are of use only if they reach the corners.
  if (cases >= 200) {
    CHECK(run > cases / 2);
    CHECK(spilled > cases / 50);
    CHECK(varied > run * 3 / 4);
  }
}

}  // namespace
}  // namespace podsim::test
