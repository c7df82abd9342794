// SPDX-License-Identifier: Apache-2.0
// Energy of simulated runs against bytes counted by hand.
#include <string>

#include "podsim/models/energy/run_energy.hpp"
#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim::test {
namespace {

/// A linear layer [m, k] -> [m, n] whose k fills `chain` tiles, on one pod that n and m fit.
struct Traffic {
  std::int64_t m, k, n, chain;
  std::int64_t x() const { return m * k; }
  std::int64_t w() const { return k * n; }
  std::int64_t sums() const { return 2 * m * n; }  ///< once
  std::int64_t out() const { return m * n; }
  /// X, W, P-in of all tiles but the first, P-out of all, and the finalise pass.
  std::int64_t carried() const { return x() + w() + (chain - 1) * sums() + chain * sums() + sums() + out(); }
  /// Fills are written, the result is read once more; all else are the ports of the fabrics.
  std::int64_t bank_bytes() const { return carried() + x() + w() + out(); }
};

TEST_CASE("energy: a linear layer on one pod takes what its bytes and MACs cost", "[sim][energy]") {
  const Technology technology = load_technology("sosa28");
  for (const Traffic& t : {Traffic{32, 32, 32, 1}, Traffic{32, 64, 32, 2}, Traffic{17, 96, 9, 3}}) {
    CAPTURE(t.m, t.k, t.n);
    const auto program = make(one_linear(t.m, t.k, t.n), crossbar_setup(1, 32, 32));
    const RunEnergy energy = run_energy(program->machine, technology, simulate(*program, {}));
    CHECK(energy.macs == Approx(static_cast<double>(t.m * t.k * t.n) * 0.4e-12).epsilon(1e-12));
    CHECK(energy.sram == Approx(static_cast<double>(t.bank_bytes()) * 2.7e-12).epsilon(1e-12));
    // A crossbar of one terminal has one port.
    CHECK(energy.interconnect == Approx(static_cast<double>(t.carried()) * 28.75e-15).epsilon(1e-12));
  }
}

}  // namespace
}  // namespace podsim::test
