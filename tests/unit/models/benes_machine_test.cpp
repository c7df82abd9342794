// SPDX-License-Identifier: Apache-2.0
// Machines whose routes depend on each other: schedules, runs and the checker on a Benes network.
#include <limits>
#include <string>
#include <vector>

#include "podsim/models/checker.hpp"
#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/programs.hpp"
#include "support/stubs.hpp"

namespace podsim {
namespace {

test::Setup setup(bool copy_network) {
  test::Setup out = test::crossbar_setup(8, 8, 8);
  out.hardware.interconnect = {"benes", Json{{"copy_network", copy_network}}};
  return out;
}

Transfer transfer(std::uint32_t item, int bank, int unit, std::int64_t launch) {
  Transfer t;
  t.item = item;
  t.bank = static_cast<std::uint16_t>(bank);
  t.unit = static_cast<std::uint16_t>(unit);
  t.launch = launch;
  t.arrival = launch + 20;
  t.rows = 8;
  return t;
}

/// What the checker says of circuits of the X fabric, at the latest at the end of the run.
std::string fault(bool copy_network, const std::vector<Transfer>& transfers) {
  test::Kernel kernel;
  const auto program = test::make(test::one_linear(40, 40, 40), setup(copy_network));
  RunContext context = test::context_for(*program);
  Checker checker("checker", context, program->machine);
  checker.begin();
  for (std::uint32_t f = 0; f < program->memory.fills.size(); ++f) checker.filled(f, 0);
  const auto error = test::error_of([&] {
    for (const Transfer& t : transfers) checker.circuit(FabricId::x, t);
    checker.advance(std::numeric_limits<std::int64_t>::max());
  });
  return error ? error->what() : "";
}

TEST_CASE("benes machine: the checker finds settings for what is launched together, or says that there are none",
          "[models]") {
  CHECK(fault(false, {transfer(0, 0, 3, 100), transfer(1, 1, 2, 100)}).empty());
  CHECK(fault(false, {transfer(0, 0, 3, 100), transfer(1, 1, 3, 100)}).find("no settings") != std::string::npos);
  CHECK(fault(true, {transfer(0, 0, 3, 100), transfer(1, 1, 3, 100)}).find("no settings") != std::string::npos);
  // A multicast.
  const std::string multicast = fault(false, {transfer(0, 0, 3, 100), transfer(0, 0, 4, 100)});
  CHECK(multicast.find("no settings") != std::string::npos);
  CHECK(multicast.find("cycle 100") != std::string::npos);
  CHECK(fault(true, {transfer(0, 0, 3, 100), transfer(0, 0, 4, 100)}).empty());
}

TEST_CASE("benes machine: settings of successive rounds may not meet", "[models]") {
  for (const bool copy_network : {false, true}) {
    CHECK(fault(copy_network, {transfer(0, 0, 3, 100), transfer(1, 1, 3, 108)}).empty());
    CHECK(fault(copy_network, {transfer(0, 0, 3, 100), transfer(1, 1, 3, 107)}).find("two sources on one link") !=
          std::string::npos);
  }
}

TEST_CASE("benes machine: a schedule with multicast is refused without copy network", "[models]") {
  const auto program = test::make(test::one_linear(40, 40, 40), test::crossbar_setup(8, 8, 8));
  test::Setup with = setup(true), without = setup(false);
  const Machine copies(with.hardware), none(without.hardware);
  check_schedule(program->schedule, program->order, program->work, copies, false);
  const auto error =
      test::error_of([&] { check_schedule(program->schedule, program->order, program->work, none, false); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_input);
  CHECK(std::string(error->what()).find("cannot be set up together") != std::string::npos);
}

TEST_CASE("benes machine: without copy network no source of a round has two destinations", "[models]") {
  for (const char* scheduler : {"sosa_greedy", "layer_sequential"}) {
    test::Setup without = setup(false);
    without.scheduler.type = scheduler;
    const auto program = test::make(test::one_linear(40, 40, 40), without);
    for (std::uint32_t round = 0; round + 1 < program->order.main_first.size(); ++round) {
      std::vector<int> readers(8, 0);
      for (std::uint32_t n = program->order.main_first[round]; n < program->order.main_first[round + 1]; ++n) {
        const OpTiles tiles = tiles_of_op(program->work, program->order.main_ids[n]);
        CHECK(++readers[program->work.tiles[tiles.x_tile].bank] == 1);
      }
    }
  }
}

}  // namespace
}  // namespace podsim
