// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include "podsim/models/published/raw_results.hpp"
#include "podsim/models/published/run.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("published results: all 84 runs of the authors' tool are met to the cycle", "[models]") {
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

}  // namespace
}  // namespace podsim
