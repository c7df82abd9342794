// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/run_energy.hpp"

#include <string>

#include "support/catch.hpp"

namespace podsim {
namespace {

/// Counts with a weight of their own each, so that none can stand for another.
RunResult counts() {
  RunResult out;
  out.cycles = 2000;
  out.macs = 1'000'000;
  out.post_processor_busy_cycles = 700;
  for (std::size_t f = 0; f < kFabrics; ++f) {
    out.fabrics[f].bytes = std::int64_t{1000} << f;  // 127,000 together
    out.fabrics[f].delivered_bytes = 5'000'000;
  }
  out.banks[0] = {11'000, 300, 70, 1'000'000, 0};
  out.banks[1] = {22'000, 500, 110, 1'000'000, 0};
  out.banks[2] = {44'000, 900, 130, 1'000'000, 0};
  out.dram.read_bytes = 40'000;
  out.dram.written_bytes = 6'000;
  out.dram.spilled_bytes = 800;
  return out;
}

HardwareConfig machine_32() {
  HardwareConfig out;
  out.pods.count = 32;
  out.clock_mhz = 500;
  return out;
}

TEST_CASE("run energy: sosa28 charges MACs, bank bytes and switches", "[models][energy]") {
  const RunEnergy energy = run_energy(Machine(machine_32()), load_technology("sosa28"), counts());
  CHECK(energy.technology == "sosa28");
  CHECK(energy.seconds == Approx(4e-6).epsilon(1e-12));
  CHECK(energy.macs == Approx(1e6 * 0.4e-12).epsilon(1e-12));
  // 77,000 bytes read by fabrics, 6,800 by DRAM; 1,700 written by fabrics, 310 by DRAM.
  CHECK(energy.sram == Approx((77'000 + 6'800 + 1'700 + 310) * 2.7e-12).epsilon(1e-12));
  CHECK(energy.interconnect == Approx(127'000 * 28.75e-15 * 2 * 5).epsilon(1e-12));  // 2 planes, log2 32
  CHECK(energy.wires + energy.post_processors + energy.dram + energy.pod_leakage + energy.sram_leakage == 0);
  CHECK(energy.average_watts() == Approx((energy.macs + energy.sram + energy.interconnect) / 4e-6).epsilon(1e-12));
  CHECK(energy.peak_watts == Approx(31.5 / 2).epsilon(2e-3));  // 31.5 W as published, at half the clock
}

TEST_CASE("run energy: physical28 charges DRAM, post-processors and leakage as well", "[models][energy]") {
  const RunEnergy energy = run_energy(Machine(machine_32()), load_technology("physical28"), counts());
  CHECK(energy.macs == Approx(1e6 * 0.4738e-12).epsilon(1e-12));
  // Banks of 256 x 128 / 32 = 1024 KiB.
  CHECK(energy.sram == Approx((83'800 * 1.70 + 2'010 * 1.45) * 1e-12).epsilon(1e-12));
  CHECK(energy.post_processors == Approx(700 * 32 * 0.08e-12).epsilon(1e-12));
  CHECK(energy.dram == Approx(46'800 * 8 * 3.92e-12).epsilon(1e-12));
  CHECK(energy.pod_leakage == Approx(32 * 1024 * 7.03e-6 * 4e-6).epsilon(1e-12));
  CHECK(energy.sram_leakage == Approx(3 * 32 * 0.276 * 4e-6).epsilon(1e-12));
  CHECK(energy.wires > 0);
  // As much per byte in wires as at peak: the route does not depend on the run.
  RunResult twice = counts();
  for (FabricStatistics& fabric : twice.fabrics) fabric.bytes *= 2;
  CHECK(run_energy(Machine(machine_32()), load_technology("physical28"), twice).wires == Approx(2 * energy.wires));
}

TEST_CASE("run energy: an operation takes what was counted for it, and its share of the leakage", "[models][energy]") {
  RunResult result = counts();
  OperationResult& one = result.operations.emplace_back();
  one.macs = 3000;
  one.cycles = 500;
  one.bank_read_bytes = 10'000;
  one.bank_written_bytes = 2'000;
  one.fabric_bytes = 11'000;
  one.post_processor_rows = 40;
  one.dram_bytes = 700;          // 600 fetched
  one.dram_written_bytes = 100;  // and these written back
  one.dram_spilled_bytes = 50;
  result.operations.emplace_back();
  const RunEnergy energy = run_energy(Machine(machine_32()), load_technology("physical28"), result);
  REQUIRE(energy.operations.size() == 2);
  const Energy& found = energy.operations[0];
  CHECK(found.macs == Approx(3000 * 0.4738e-12).epsilon(1e-12));
  // Banks of 1024 KiB: 10,150 bytes leave them, 2,600 enter.
  CHECK(found.sram == Approx((10'150 * 1.70 + 2'600 * 1.45) * 1e-12).epsilon(1e-12));
  CHECK(found.interconnect == Approx(energy.interconnect * 11'000 / 127'000).epsilon(1e-12));
  CHECK(found.wires == Approx(energy.wires * 11'000 / 127'000).epsilon(1e-12));
  CHECK(found.post_processors == Approx(40 * 32 * 0.08e-12).epsilon(1e-12));
  CHECK(found.dram == Approx(750 * 8 * 3.92e-12).epsilon(1e-12));
  CHECK(found.pod_leakage == Approx(energy.pod_leakage / 4).epsilon(1e-12));
  CHECK(found.sram_leakage == Approx(energy.sram_leakage / 4).epsilon(1e-12));
  CHECK(energy.operations[1].total() == 0);
}

TEST_CASE("run energy: components add up to the total, and a run of nothing takes nothing", "[models][energy]") {
  for (const char* name : {"sosa28", "physical28"}) {
    const RunEnergy energy = run_energy(Machine(machine_32()), load_technology(name), counts());
    CHECK(energy.total() == energy.macs + energy.sram + energy.interconnect + energy.wires + energy.post_processors +
                                energy.dram + energy.pod_leakage + energy.sram_leakage);
    const RunEnergy none = run_energy(Machine(machine_32()), load_technology(name), RunResult{});
    CHECK(none.total() == 0);
    CHECK(none.average_watts() == 0);
  }
}

}  // namespace
}  // namespace podsim
