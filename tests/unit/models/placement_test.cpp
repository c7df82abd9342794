// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/placement.hpp"

#include <vector>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;

TEST_CASE("placement: the next open round is found as by plain search", "[models]") {
  const Machine machine(crossbar_setup(2, 4, 4).hardware);
  RandomStream random(3, "rounds");
  RoundTable table(machine);
  std::vector<bool> open_main(400, true), open_post(400, true);
  auto plain = [](const std::vector<bool>& open, std::size_t from) {
    while (!open[from]) ++from;
    return from;
  };
  for (int n = 0; n < 900; ++n) {
    // Rounds near the end stay open, so that the plain search ends.
    const auto round = static_cast<std::uint32_t>(random.below(390));
    if (random.below(2) == 0) {
      table.mark_full_for_main(round);
      open_main[round] = false;
    } else {
      table.mark_full_for_post(round);
      open_post[round] = false;
    }
    const auto from = static_cast<std::uint32_t>(random.below(395));
    REQUIRE(table.next_for_main(from) == plain(open_main, from));
    REQUIRE(table.next_for_post(from) == plain(open_post, from));
  }
}

TEST_CASE("placement: closed rounds are closed, and used again they are empty", "[models]") {
  const Machine machine(crossbar_setup(3, 4, 4).hardware);
  RoundTable table(machine);
  table.at(0).free_pods.reset(1);
  table.at(0).w_tile[2] = 7;
  table.close_below(1);
  REQUIRE_THROWS_AS(table.at(0), Error);
  CHECK(table.at(1).free_pods.test(1));
  CHECK(table.at(1).w_tile[2] == kNone);
}

TEST_CASE("placement: an operation goes to the first round that takes it", "[models]") {
  // Two pods, four operations of one weight tile each: rounds 0, 0, 1, 1.
  const Machine machine(crossbar_setup(2, 8, 8).hardware);
  const TiledWorkload work = test::cut(test::one_linear(8, 8, 32), crossbar_setup(2, 8, 8));
  REQUIRE(work.op_count == 4);
  Placer placer(work, machine, 0);
  const GemmTiles& gemm = work.gemms[0];
  const std::uint32_t x = work.operands[gemm.activation].first_tile, w = work.operands[gemm.stationary].first_tile;
  CHECK(placer.place_main(0, x, w, 0) == 0);
  CHECK(placer.place_main(1, x, w + 1, 0) == 0);
  CHECK(placer.place_main(2, x, w + 2, 0) == 1);
  CHECK(placer.place_main(3, x, w + 3, 0, 1) == 1);
  CHECK(placer.schedule().main[2].pod == 0);
  CHECK(placer.schedule().main[3].pod == 1);
  // Partial sums may be taken over later only, and once per port.
  CHECK_FALSE(placer.try_chain(2, 3));
  CHECK(placer.try_chain(0, 2));
  CHECK_FALSE(placer.try_chain(0, 3));
}

TEST_CASE("placement: with shared ports a single P bank cannot deliver both operands of an add", "[models]") {
  // y + z: z's sums and the stored y come from the only P bank.
  NetworkBuilder b("residual");
  const std::string y = b.linear("y", b.input("x", {8, 8}), {8, 8, false, {}});
  const Network network = b.build({b.add("s", {b.linear("z", y, {8, 8, false, {}}), y})});
  test::Setup setup = crossbar_setup(1, 8, 8);
  setup.hardware.banks.p_ports = "shared";
  const auto error = test::error_of([&] { test::make(network, setup); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::run_failed);
  REQUIRE(error->issues().size() == 1);
  CHECK(error->issues()[0].pointer == "/hardware/banks/p_ports");
  CHECK(error->issues()[0].hint == "use at least 2 banks, or \"independent\"");
  // Both ways out that it names: two finalise passes, and a move at most.
  setup.hardware.banks.count = 2;
  CHECK(test::make(network, setup)->schedule.post.size() <= 3);
  setup.hardware.banks.count = 1;
  setup.hardware.banks.p_ports = "independent";
  CHECK(test::make(network, setup)->schedule.post.size() == 2);
}

}  // namespace
}  // namespace podsim
