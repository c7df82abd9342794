// SPDX-License-Identifier: Apache-2.0
// Energy of simulated runs against bytes counted by hand.
#include <string>

#include "podsim/models/energy/run_energy.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
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

TEST_CASE("energy: each of two layers takes what its own bytes and MACs cost", "[sim][energy]") {
  // Results stay on chip between the layers: the second reads no activations from DRAM, the first writes none back.
  const Technology technology = load_technology("sosa28");
  constexpr std::int64_t m = 20, a = 32, b = 24, c = 16;
  NetworkBuilder builder("two");
  const std::string x = builder.input("x", {m, a});
  const std::string one = builder.linear("one", x, {a, b, false, {}});
  const auto program = make(builder.build({builder.linear("two", one, {b, c, false, {}})}), crossbar_setup(1, 32, 32));
  const RunEnergy energy = run_energy(program->machine, technology, simulate(*program, {}));
  REQUIRE(energy.operations.size() == 2);
  const Traffic first{m, a, b, 1}, second{m, b, c, 1};
  const std::int64_t bytes[] = {first.bank_bytes() - first.out(), second.bank_bytes() - second.x()};
  const std::int64_t carried[] = {first.carried(), second.carried()};
  const std::int64_t macs[] = {m * a * b, m * b * c};
  for (std::size_t n = 0; n < 2; ++n) {
    CAPTURE(n);
    CHECK(energy.operations[n].macs == Approx(static_cast<double>(macs[n]) * 0.4e-12).epsilon(1e-12));
    CHECK(energy.operations[n].sram == Approx(static_cast<double>(bytes[n]) * 2.7e-12).epsilon(1e-12));
    CHECK(energy.operations[n].interconnect == Approx(static_cast<double>(carried[n]) * 28.75e-15).epsilon(1e-12));
  }
}

TEST_CASE("energy: layers add up to the run, part by part", "[sim][energy]") {
  const Technology technology = load_technology("physical28");
  std::int64_t spilled = 0;
  for (const char* source : {"zoo:resnet20", "zoo:inception_v3:image=107", "zoo:bert_medium:sequence=20"}) {
    for (const char* dataflow : {"weight_stationary", "input_stationary", "output_stationary"}) {
      // Others need more than 4 KiB at once.
      const bool spills = std::string(source) == "zoo:bert_medium:sequence=20" && dataflow[0] == 'w';
      for (const std::int64_t kib : {spills ? 4 : 64, 1024}) {
        Setup setup = crossbar_setup(16, 32, 32);
        setup.hardware.interconnect = {"butterfly", Json::object()};
        setup.hardware.pods.dataflow.type = dataflow;
        setup.hardware.banks.capacity_kib = kib;
        const auto program = make(load_network(source), setup);
        const RunResult result = simulate(*program, {});
        spilled += result.dram.spilled_bytes;
        const RunEnergy energy = run_energy(program->machine, technology, result);
        const auto whole = energy.parts();
        for (std::size_t p = 0; p < whole.size(); ++p) {
          double sum = 0;
          for (const Energy& operation : energy.operations) sum += operation.parts()[p].joules;
          CAPTURE(source, dataflow, kib, whole[p].name);
          CHECK(whole[p].joules > 0);
          CHECK(sum == Approx(whole[p].joules).epsilon(1e-12));
        }
      }
    }
  }
  CHECK(spilled > 0);
}

}  // namespace
}  // namespace podsim::test
