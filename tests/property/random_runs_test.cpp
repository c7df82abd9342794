// SPDX-License-Identifier: Apache-2.0
// Random small networks on random machines: whatever is allowed runs, and what must hold for every run holds.
// PODSIM_PROPERTY_CASES and PODSIM_PROPERTY_SEED change how many cases there are and with which they begin; to repeat
// one, set its seed and one case.
#include <cstdlib>
#include <iostream>
#include <string>

#include "podsim/models/lower_bound.hpp"
#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/random_case.hpp"

namespace podsim::test {
namespace {

std::int64_t from_environment(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoll(text);
}

struct Case {
  Network network;
  Setup setup;
  std::string text;
};

/// The largest number of tile operations a case may have: thousands of cases must not take hours.
constexpr std::uint32_t kMostOps = 3000;

Case random_case(std::uint64_t seed) {
  RandomStream random(seed, "property tests");
  Case out;
  out.setup = random_setup(random);
  const std::int64_t side = std::max(out.setup.hardware.pods.rows, out.setup.hardware.pods.cols);
  for (std::int64_t largest = side <= 4 ? 12 : side <= 12 ? 32 : 80;; largest = largest / 2 + 1) {
    out.network = random_network(random, largest);
    if (cut(out.network, out.setup).op_count <= kMostOps) break;
  }
  out.text = "seed " + std::to_string(seed) + "\n" + to_text(out.network) + to_json(out.setup.hardware).dump() + "\n" +
             to_json(out.setup.tiling).dump() + "\n" + out.setup.scheduler.type + " " +
             out.setup.scheduler.parameters.dump();
  return out;
}

/// Makes the program. If the banks are too small, takes the capacity that the error advises, which must do.
std::unique_ptr<Program> make_or_advise(Case& random) {
  const auto error = error_of([&] { make(random.network, random.setup); });
  if (error) {
    INFO(error->what());
    REQUIRE(error->kind() == ErrorKind::run_failed);
    REQUIRE(error->issues().size() == 1);
    const Issue& issue = error->issues().front();
    REQUIRE(issue.pointer == "/hardware/banks/capacity_kib");
    REQUIRE(issue.hint.rfind("at least ", 0) == 0);
    random.setup.hardware.banks.capacity_kib = std::stoll(issue.hint.substr(9));
  }
  return make(random.network, random.setup);
}

TEST_CASE("random runs: identities, bounds and order independence hold for random networks and machines",
          "[property]") {
  const std::int64_t cases = from_environment("PODSIM_PROPERTY_CASES", 200);
  const std::int64_t first = from_environment("PODSIM_PROPERTY_SEED", 1);
  std::int64_t advised = 0, spilled = 0;
  for (std::int64_t n = 0; n < cases; ++n) {
    Case random = random_case(static_cast<std::uint64_t>(first + n));
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
    REQUIRE(result.complete);
    const auto broken = broken_identities(*program, result);
    CAPTURE(broken);
    REQUIRE(broken.empty());

    const HardwareConfig& hardware = random.setup.hardware;
    const LowerBound bound = lower_bound(program->work.network, hardware);
    const LayerBounds layers =
        layer_bounds(random.network, hardware.pods.count, hardware.pods.rows, hardware.pods.cols);
    REQUIRE(bound.mac == layers.mac);
    REQUIRE(bound.work == layers.work);
    REQUIRE(bound.load == layers.load);
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
  }
}

}  // namespace
}  // namespace podsim::test
