// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/placement.hpp"

#include <map>
#include <string>
#include <vector>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"
#include "support/published.hpp"

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

/// Last rounds of the published scheduler under the published rules.
std::pair<std::int64_t, std::int64_t> last_rounds(const Network& network, const test::PublishedRun& run) {
  test::Setup setup = crossbar_setup(run.pods, 32, 32);
  if (run.interconnect != "crossbar") {
    setup.hardware.interconnect = {"butterfly", Json{{"expansion", run.interconnect == "butterfly-1" ? 1 : 2}}};
  }
  setup.scheduler.parameters["published"] = true;
  const Machine machine(setup.hardware);
  const TiledWorkload work = test::cut(network, setup);
  CHECK(static_cast<std::int64_t>(work.op_count) == run.tile_ops);
  const Schedule schedule = scheduler_registry().make(setup.scheduler)->schedule(work, machine, {});
  return {schedule.last_main_round(), schedule.last_post_round()};
}

TEST_CASE("placement: sosa_greedy ends in the rounds of the published runs on crossbar and butterfly", "[models]") {
  // Raw results of the authors' tool (sosa-compiler, 2022), tests/data/published_runs.csv.
  const std::map<std::string, std::string> sources{
      {"inception", "zoo:inception_v3:image=299"},         {"resnet50", "zoo:resnet50:image=299,variant=v1"},
      {"resnet101", "zoo:resnet101:image=299,variant=v1"}, {"resnet152", "zoo:resnet152:image=299,variant=v1"},
      {"densenet121", "zoo:densenet121:image=299"},        {"densenet169", "zoo:densenet169:image=299"},
      {"densenet201", "zoo:densenet201:image=299"}};
  std::map<std::string, Network> networks;
  int rows = 0;
  for (const test::PublishedRun& run : test::published_runs()) {
    if (run.interconnect != "crossbar" && run.interconnect != "butterfly-1" && run.interconnect != "butterfly-2")
      continue;
    auto known = networks.find(run.network);
    if (known == networks.end()) {
      const Network network = test::in_published_order(load_network(sources.at(run.network)), run.network);
      known = networks.emplace(run.network, network).first;
    }
    CAPTURE(run.network, run.interconnect, run.pods);
    const auto [last_main, last_post] = last_rounds(known->second, run);
    CHECK(last_main == run.last_main_round);
    CHECK(last_post == run.last_post_round);
    ++rows;
  }
  CHECK(rows == 63);
}

}  // namespace
}  // namespace podsim
