// SPDX-License-Identifier: Apache-2.0
// What podsim makes of the published runs: workloads, placements and figures.
#include "podsim/sim/published_raw_results.hpp"

#include <array>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "podsim/models/published/run.hpp"
#include "podsim/models/published/tiling.hpp"
#include "podsim/models/published/workload.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using Shape3 = std::array<std::int64_t, 3>;

/// The GEMMs (m, k, n) of a network in the order of the authors' runs (tests/data/published_layer_order.csv).
std::vector<Shape3> published_order(const std::string& network) {
  std::ifstream in(std::string(PODSIM_TEST_DATA) + "/published_layer_order.csv");
  REQUIRE(in);
  std::vector<Shape3> out;
  std::string line;
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    std::stringstream cell_stream(line);
    for (std::string cell; std::getline(cell_stream, cell, ',');) cells.push_back(cell);
    if (cells.at(0) == network) out.push_back({std::stoll(cells[4]), std::stoll(cells[5]), std::stoll(cells[6])});
  }
  return out;
}

TEST_CASE("published workload: layers come in the published order", "[sim]") {
  std::set<std::string> networks;
  for (const published::RawResult& raw : published::raw_results()) {
    if (!networks.insert(raw.network).second) continue;
    CAPTURE(raw.network);
    std::vector<Shape3> shapes;
    for (const published::GemmLayer& layer : published::workload_of(load_network(raw.network_source()))) {
      shapes.push_back({layer.gemm.m, layer.gemm.k, layer.gemm.n});
    }
    CHECK(shapes == published_order(raw.network));
  }
  CHECK(networks.size() == 7);
}

TEST_CASE("published results: all 84 runs of the authors' tool are met to the cycle", "[sim]") {
  std::map<std::string, std::vector<published::GemmLayer>> workloads;
  int rows = 0;
  for (const published::RawResult& raw : published::raw_results()) {
    auto known = workloads.find(raw.network);
    if (known == workloads.end()) {
      known = workloads.emplace(raw.network, published::workload_of(load_network(raw.network_source()))).first;
    }
    CAPTURE(raw.network, raw.interconnect, raw.pods);
    const published::RunResult result = published::run(known->second, raw.machine());
    CHECK(result.failure.empty());
    CHECK(result.cycles == raw.cycles);
    CHECK(result.last_main_round == raw.last_main_round);
    CHECK(result.last_post_round == raw.last_post_round);
    CHECK(result.tile_operations == raw.tile_operations);
    CHECK(result.ops == raw.ops);
    CHECK(result.post_ops == raw.post_ops);
    CHECK(result.memory_stall_cycles == raw.memory_stall_cycles);
    CHECK(result.x_bytes == raw.x_bytes);
    CHECK(result.w_bytes == raw.w_bytes);
    ++rows;
  }
  CHECK(rows == 84);
}

TEST_CASE("placement: podsim's own lowering is placed as the published one", "[sim]") {
  // That the latter ends in the published rounds is tested above.
  for (const published::RawResult& raw : published::raw_results()) {
    if (raw.pods != 256 || (raw.network != "resnet50" && raw.network != "inception")) continue;
    CAPTURE(raw.network, raw.interconnect);
    const Network network = load_network(raw.network_source());
    test::Setup setup = test::crossbar_setup(raw.pods, 32, 32);
    setup.hardware.interconnect = raw.topology();
    setup.scheduler.parameters["published"] = true;
    const Machine machine(setup.hardware);
    const TiledWorkload own = test::cut(published::in_published_order(network), setup);
    const Schedule schedule = scheduler_registry().make(setup.scheduler)->schedule(own, machine, {});

    const TiledWorkload as_published = published::tile(published::workload_of(network), raw.machine());
    const Schedule expected = published::schedule(as_published, raw.machine());
    REQUIRE(schedule.main.size() == expected.main.size());
    std::size_t differing = 0;
    for (std::size_t op = 0; op < expected.main.size(); ++op) {
      const MainPlacement& a = schedule.main[op];
      const MainPlacement& b = expected.main[op];
      if (a.round != b.round || a.pod != b.pod || a.p_bank != b.p_bank || a.partial_sum_in != b.partial_sum_in) {
        ++differing;
      }
    }
    CHECK(differing == 0);
    CHECK(schedule.last_post_round() == raw.last_post_round);
  }
}

}  // namespace
}  // namespace podsim
