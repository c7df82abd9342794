// SPDX-License-Identifier: Apache-2.0
// A machine that is used again gives what a machine of its own gives, field by field, whatever ran on it before.
#include "podsim/sim/elaborated_machine.hpp"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;
using test::difference;
using test::error_of;

Network two_convolutions() {
  NetworkBuilder b("two_convolutions");
  std::string x = b.input("image", {3, 12, 12});
  Conv2d first;
  first.in_channels = 3;
  first.out_channels = 20;
  first.kernel = {3, 3};
  first.padding = {1, 1};
  Conv2d second = first;
  second.in_channels = 20;
  second.out_channels = 9;
  second.stride = {2, 2};
  x = b.conv2d("a", x, first, Activation::relu);
  return b.build({b.conv2d("b", x, second)});
}

/// Programs that leave pods, banks, DRAM and fabrics in different states.
std::vector<std::unique_ptr<Program>> programs_for(const test::Setup& setup) {
  std::vector<std::unique_ptr<Program>> out;
  out.push_back(test::make(test::one_linear(8, 8, 8), setup));
  out.push_back(test::make(two_convolutions(), setup));
  out.push_back(test::make(test::one_linear(70, 90, 50), setup));
  return out;
}

std::vector<RunResult> results_alone(const std::vector<std::unique_ptr<Program>>& programs) {
  std::vector<RunResult> out;
  for (const auto& program : programs) out.push_back(simulate(*program, {}));
  return out;
}

/// Resident memory now, in bytes; 0 where /proc does not tell.
std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

/// Planned for banks of 256 KiB and run with banks of 1 KiB: the checker stops it when a bank is over its capacity.
Program overfull(const test::Setup& setup) {
  test::Setup roomy = setup;
  roomy.hardware.banks.capacity_kib = 256;
  Program program = *test::make(test::one_linear(70, 90, 50), roomy);
  program.machine = Machine(setup.hardware);
  return program;
}

TEST_CASE("elaborated machine: A, B and A again give what each gives alone", "[sim]") {
  for (const char* topology : {"crossbar", "butterfly", "benes"}) {
    test::Setup setup = crossbar_setup(4, 8, 8);
    setup.hardware.interconnect = {topology, Json::object()};
    const auto programs = programs_for(setup);
    const auto alone = results_alone(programs);
    REQUIRE(difference(alone[0], alone[1]) != "");
    ElaboratedMachine machine(setup.hardware);
    for (const std::size_t which : {0U, 1U, 0U, 2U, 1U, 1U, 2U, 0U}) {
      CAPTURE(topology, which);
      CHECK(difference(machine.run(*programs[which], {}), alone[which]) == "");
    }
  }
}

TEST_CASE("elaborated machine: records of rounds are those of the run alone", "[sim]") {
  const test::Setup setup = crossbar_setup(4, 8, 8);
  const auto programs = programs_for(setup);
  RunOptions recording;
  recording.record_rounds = true;
  const RunResult alone = simulate(*programs[1], recording);
  REQUIRE_FALSE(alone.round_results.empty());
  ElaboratedMachine machine(setup.hardware);
  machine.run(*programs[2], recording);
  CHECK(difference(machine.run(*programs[1], recording), alone) == "");
  CHECK(machine.run(*programs[1], {}).round_results.empty());
}

TEST_CASE("elaborated machine: a run that was stopped leaves nothing behind", "[sim]") {
  const test::Setup setup = crossbar_setup(4, 8, 8);
  const auto programs = programs_for(setup);
  const auto alone = results_alone(programs);
  ElaboratedMachine machine(setup.hardware);
  for (const std::int64_t limit : {std::int64_t{1}, alone[1].cycles / 3, alone[1].cycles / 2, alone[1].cycles - 1}) {
    CAPTURE(limit);
    RunOptions stopping;
    stopping.max_cycles = limit;
    const RunResult stopped = machine.run(*programs[1], stopping);
    REQUIRE_FALSE(stopped.complete);
    CHECK(difference(stopped, simulate(*programs[1], stopping)) == "");
    CHECK(difference(machine.run(*programs[2], {}), alone[2]) == "");
    CHECK(difference(machine.run(*programs[1], {}), alone[1]) == "");
  }
}

TEST_CASE("elaborated machine: a run that failed leaves nothing behind", "[sim]") {
  test::Setup setup = crossbar_setup(4, 8, 8);
  setup.hardware.banks.capacity_kib = 1;
  const auto program = test::make(test::one_linear(20, 30, 20), setup);
  const RunResult alone = simulate(*program, {});
  const Program bad = overfull(setup);
  const auto fault_alone = error_of([&] { simulate(bad, {}); });
  REQUIRE(fault_alone);
  REQUIRE(fault_alone->kind() == ErrorKind::internal);
  ElaboratedMachine machine(setup.hardware);
  CHECK(difference(machine.run(*program, {}), alone) == "");
  for (int n = 0; n < 2; ++n) {
    const auto fault = error_of([&] { machine.run(bad, {}); });
    REQUIRE(fault);
    CHECK(std::string(fault->what()) == fault_alone->what());
    CHECK(difference(machine.run(*program, {}), alone) == "");
  }
}

TEST_CASE("elaborated machine: random stalls and orders of a test end with its run", "[sim]") {
  const test::Setup setup = crossbar_setup(4, 8, 8);
  const auto programs = programs_for(setup);
  const auto alone = results_alone(programs);
  ElaboratedMachine machine(setup.hardware);
  RunOptions stalls;
  stalls.stall_seed = 3;
  CHECK(machine.run(*programs[1], stalls).cycles > alone[1].cycles);
  CHECK(difference(machine.run(*programs[1], {}), alone[1]) == "");
}

TEST_CASE("elaborated machine: a random stall of a stream delays its round", "[sim]") {
  // Nothing is loaded ahead, and 40 cycles are enough for 8 rows of sums to leave: ports are always free.
  test::Setup setup = crossbar_setup(1, 8, 8);
  setup.hardware.pods.dataflow.type = "output_stationary";
  const auto program = test::make(test::one_linear(64, 40, 8), setup);
  ElaboratedMachine machine(setup.hardware);
  const auto bank = static_cast<std::size_t>(StallCause::bank);
  CHECK(machine.run(*program, {}).stalls[bank] == 0);
  int stalled = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RunOptions stalls;
    stalls.stall_seed = seed;
    stalled += machine.run(*program, stalls).stalls[bank] > 0 ? 1 : 0;
  }
  CHECK(stalled > 0);
}

TEST_CASE("elaborated machine: a program for another machine is refused, and the machine goes on", "[sim]") {
  const test::Setup setup = crossbar_setup(4, 8, 8);
  const auto program = test::make(two_convolutions(), setup);
  test::Setup other = setup;
  other.hardware.post_processors.latency_cycles += 1;
  ElaboratedMachine machine(setup.hardware);
  const auto error = error_of([&] { machine.run(*test::make(two_convolutions(), other), {}); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
  CHECK(std::string(error->what()).find("another machine") != std::string::npos);
  CHECK(difference(machine.run(*program, {}), simulate(*program, {})) == "");
}

TEST_CASE("elaborated machine: two side by side do not disturb each other", "[sim]") {
  test::Setup small = crossbar_setup(2, 8, 8), large = crossbar_setup(4, 16, 8);
  large.hardware.interconnect = {"butterfly", Json::object()};
  const auto for_small = programs_for(small), for_large = programs_for(large);
  const auto small_alone = results_alone(for_small), large_alone = results_alone(for_large);
  auto first = std::make_unique<ElaboratedMachine>(small.hardware);
  ElaboratedMachine second(large.hardware);
  for (std::size_t n = 0; n < for_small.size(); ++n) {
    CHECK(difference(first->run(*for_small[n], {}), small_alone[n]) == "");
    CHECK(difference(second.run(*for_large[n], {}), large_alone[n]) == "");
  }
  first.reset();
  CHECK(difference(second.run(*for_large[0], {}), large_alone[0]) == "");
}

TEST_CASE("machine pool: machines are kept by configuration, the last used ones longest", "[sim]") {
  std::vector<test::Setup> setups;
  for (const int pods : {1, 2, 4}) setups.push_back(crossbar_setup(pods, 8, 8));
  MachinePool pool(2);
  const ElaboratedMachine* one = &pool.machine_for(setups[0].hardware);
  const ElaboratedMachine* two = &pool.machine_for(setups[1].hardware);
  CHECK(one != two);
  CHECK(&pool.machine_for(setups[0].hardware) == one);
  // The third takes the place of the second, which was not used for longest.
  pool.machine_for(setups[2].hardware);
  CHECK(&pool.machine_for(setups[0].hardware) == one);
  // Whatever was evicted is built again, and gives the same.
  for (int turn = 0; turn < 3; ++turn) {
    for (const test::Setup& setup : setups) {
      const auto program = test::make(two_convolutions(), setup);
      CHECK(difference(pool.machine_for(setup.hardware).run(*program, {}), simulate(*program, {})) == "");
    }
  }
}

TEST_CASE("elaborated machine: many runs, equal results, no growth of memory", "[sim]") {
  // The long form sets 10,000.
  const char* text = std::getenv("PODSIM_REUSE_RUNS");
  const int runs = text != nullptr ? std::atoi(text) : 600;
  REQUIRE(runs > 100);
  const test::Setup setup = crossbar_setup(16, 8, 8);
  const auto programs = programs_for(setup);
  const auto alone = results_alone(programs);
  MachinePool pool(1);
  std::int64_t after_100 = 0;
  std::string different;
  for (int n = 0; n < runs && different.empty(); ++n) {
    const auto which = static_cast<std::size_t>(n) % programs.size();
    different = difference(pool.machine_for(setup.hardware).run(*programs[which], {}), alone[which]);
    if (n == 99) after_100 = resident_bytes();
  }
  CHECK(different == "");
  // A leak of 100 bytes a run would be 1 MB in the long form; the allocator may round up by some pages.
  CHECK(resident_bytes() - after_100 <= 512 * 1024);
}

}  // namespace
}  // namespace podsim
