// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/repetition.hpp"

#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

Report run(const std::string& json) {
  return run_experiment(read_experiment(parse_json(json, "test.json")), {});
}

TEST_CASE("repetition: ends are those of the last results, in order", "[sim]") {
  std::vector<OperationResult> operations(6);
  const std::int64_t ends[] = {10, 50, 70, 60, 90, 120};
  for (std::size_t o = 0; o < 6; ++o) operations[o].last_cycle = ends[o];
  const Repetition three = repetition_of(operations, 3);
  CHECK(three.done_cycles == std::vector<std::int64_t>{50, 70, 120});
  CHECK(three.first_latency() == 50);
  CHECK(three.interval() == 35);  // 50 -> 120 in two steps
  CHECK(three.inferences_per_second(1000) == Approx(1e9 / 35));
  // One that fills gaps and ends early is done when those before it are.
  operations[4].last_cycle = operations[5].last_cycle = 65;
  CHECK(repetition_of(operations, 3).done_cycles == std::vector<std::int64_t>{50, 70, 70});
  CHECK(repetition_of(operations, 1).interval() == 70);
}

TEST_CASE("repetition: inferences back to back share weights and beat as many single ones", "[sim]") {
  const std::string machine = R"("hardware": {"pods": {"count": 16}})";
  const Report one = run(R"({"workload": "zoo:resnet50:image=64", )" + machine + "}");
  const Report four = run(R"({"workload": "zoo:resnet50:image=64", "repeat": 4, )" + machine + "}");
  REQUIRE(four.repetition);
  REQUIRE(four.repetition->done_cycles.size() == 4);
  CHECK(four.result.macs == 4 * one.result.macs);
  // All fits: weights are fetched by the first inference only, inputs by each.
  CHECK(four.result.dram.weight_bytes == one.result.dram.weight_bytes);
  CHECK(four.result.dram.activation_bytes == 4 * one.result.dram.activation_bytes);
  CHECK(four.result.cycles < 4 * one.result.cycles);
  CHECK(four.repetition->interval() < static_cast<double>(one.result.cycles));
  // No interval can be shorter than the array needs for one inference's rows, on average.
  CHECK(four.repetition->done_cycles.back() >= 4 * one.bound.work);
  CHECK(four.repetition->done_cycles.back() <= four.result.cycles);
  CHECK(four.layers.size() == 4 * one.layers.size());
}

}  // namespace
}  // namespace podsim
