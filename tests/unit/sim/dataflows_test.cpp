// SPDX-License-Identifier: Apache-2.0
// Whatever stays in the arrays, networks have the values of the reference, on one pod and on many; and what a run
// counts is what the dataflow's tile counts say. PODSIM_WHOLE_NETWORKS=1 takes networks as large as their papers have
// them.
#include <cstdlib>
#include <string>
#include <vector>

#include "podsim/models/lower_bound.hpp"
#include "podsim/sim/functional.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/observed_run.hpp"
#include "support/programs.hpp"

namespace podsim::test {
namespace {

const std::vector<std::string> kDataflows{"weight_stationary", "input_stationary", "output_stationary"};

Setup butterfly_setup(int pods, int side, const std::string& dataflow) {
  Setup setup = crossbar_setup(pods, side, side);
  setup.hardware.interconnect = {"butterfly", Json{{"expansion", 2}}};
  setup.hardware.pods.dataflow.type = dataflow;
  return setup;
}

std::vector<std::string> networks() {
  if (std::getenv("PODSIM_WHOLE_NETWORKS") != nullptr) {
    return {"zoo:resnet50", "zoo:mobilenet_v2", "zoo:bert_medium"};
  }
  return {"zoo:resnet50:image=64", "zoo:mobilenet_v2:image=64", "zoo:bert_medium:sequence=24"};
}

TEST_CASE("dataflows: networks have the reference's values on 1, 16 and 256 pods, whatever stays in the arrays",
          "[sim]") {
  for (const std::string& source : networks()) {
    const Network network = load_network(source);
    const ValuedRun reference = value_network(network, {}, 1);
    for (const std::string& dataflow : kDataflows) {
      for (const int pods : {1, 16, 256}) {
        CAPTURE(source, dataflow, pods);
        const Setup setup = butterfly_setup(pods, 32, dataflow);
        const auto program = make(network, setup);
        ValuePlane values(*program, network, reference.values);
        const RunResult result = simulate(*program, {}, &values);
        REQUIRE(result.complete);
        const FunctionalResult compared =
            compare_outputs(network, program->work.network, values.tensors(), reference.outputs.tensors);
        REQUIRE(compared.outputs.size() == network.outputs.size());
        CHECK(compared.outputs.front().elements > 0);
        CHECK(compared.is_equal());
        CHECK(result.cycles >= lower_bound(program->work.network, setup.hardware).limit());
        const auto broken = broken_identities(*program, result);
        CAPTURE(broken);
        CHECK(broken.empty());
      }
    }
  }
}

TEST_CASE("dataflows: tile operations, rows and sums of a layer are what its dataflow says", "[sim]") {
  // m = 70, k = 100, n = 50 on arrays of 16 x 8.
  const Network network = one_linear(70, 100, 50);
  for (const std::string& dataflow : kDataflows) {
    Setup setup = crossbar_setup(3, 16, 8);
    setup.hardware.pods.dataflow.type = dataflow;
    const auto program = make(network, setup);
    const RunResult result = simulate(*program, {});
    REQUIRE(result.complete);
    const OperationResult& layer = result.operations.front();
    auto blocks = [](std::int64_t size, std::int64_t block) { return (size + block - 1) / block; };
    std::int64_t operations = 0, streamed = 0, sums = 0, activations = 0, weights = 0;
    if (dataflow == "weight_stationary") {
      operations = blocks(70, 16) * blocks(100, 16) * blocks(50, 8);
      streamed = 70 * blocks(100, 16) * blocks(50, 8);
      sums = 70 * 50 * blocks(100, 16);
      activations = 70 * 100 * blocks(50, 8);
      weights = 100 * 50 * blocks(70, 16);
    } else if (dataflow == "input_stationary") {
      operations = blocks(50, 16) * blocks(100, 16) * blocks(70, 8);
      streamed = 50 * blocks(100, 16) * blocks(70, 8);
      sums = 70 * 50 * blocks(100, 16);
      activations = 70 * 100 * blocks(50, 16);
      weights = 100 * 50 * blocks(70, 8);
    } else {
      operations = blocks(70, 16) * blocks(50, 8) * blocks(100, 64);
      streamed = 100 * blocks(70, 16) * blocks(50, 8);
      sums = 70 * 50;  // 35 output tiles on 3 pods: no pod is idle, k is not split
      activations = 70 * 100 * blocks(50, 8);
      weights = 100 * 50 * blocks(70, 16);
    }
    CAPTURE(dataflow);
    CHECK(layer.tile_operations == operations);
    CHECK(layer.busy_pod_cycles == streamed);
    CHECK(layer.partial_sums_written == sums);
    CHECK(layer.activation_bytes == activations);
    CHECK(layer.weight_bytes == weights);
    CHECK(layer.macs == 70 * 100 * 50);
  }
}

TEST_CASE("dataflows: an operation that goes on with its sums waits for none of other pods", "[sim]") {
  // Two layers of one output tile each, k in 2 and in 3 pieces of 20, on two pods with single planes and a drain that
  // is charged, R + C - 2 = 14 cycles. The longer one goes on while the sums of the shorter one are still read.
  NetworkBuilder b("pair");
  const std::string x = b.input("x", {8, 40}), y = b.input("y", {8, 60});
  const std::string one = b.linear("one", x, {40, 8, false, {}}), two = b.linear("two", y, {60, 8, false, {}});
  Setup setup = crossbar_setup(2, 8, 8);
  setup.hardware.pods.dataflow.type = "output_stationary";
  setup.hardware.pods.output_buffers = "single";
  setup.hardware.pods.broadcast = setup.hardware.pods.fan_in = 1;
  setup.hardware.dram.bandwidth_gb_per_s = 1e6;
  setup.tiling.partition_rows = 20;
  const auto program = make(b.build({one, two}), setup);
  const Schedule& schedule = program->schedule;
  REQUIRE(schedule.main.size() == 5);
  // The last of "one" drains at the end of a round; in the next, "two" goes on and nothing begins.
  const std::uint32_t drained = schedule.main[1].round;
  REQUIRE(schedule.main[1].p_bank != kNoBank);
  int goes_on = 0;
  for (const MainPlacement& place : schedule.main) {
    if (place.round != drained + 1) continue;
    CHECK(place.partial_sum_in != kNone);
    CHECK(place.pod != schedule.main[1].pod);
    ++goes_on;
  }
  REQUIRE(goes_on == 1);
  RunOptions options;
  options.record_rounds = true;
  const RunResult result = simulate(*program, options);
  REQUIRE(result.complete);
  CHECK(result.round_results[drained + 1].stream_start == result.round_results[drained].stream_end);
}

TEST_CASE("dataflows: sums wait for the longest of those that drained before, whichever operation had them", "[sim]") {
  // Round 0: two output tiles of 8 rows and of 1 row. Round 1 would take k = 3 cycles, but may not end before 8 rows
  // have left.
  constexpr std::int64_t k = 3, rows = 8;
  NetworkBuilder b("pair");
  const std::string x = b.input("x", {rows + 1, k}), y = b.input("y", {rows, k});
  const std::string one = b.linear("one", x, {k, 8, false, {}}), two = b.linear("two", y, {k, 8, false, {}});
  Setup setup = crossbar_setup(2, rows, 8);
  setup.hardware.pods.dataflow.type = "output_stationary";
  const auto program = make(b.build({one, two}), setup);
  const Schedule& schedule = program->schedule;
  REQUIRE(schedule.main.size() == 3);
  REQUIRE((schedule.main[0].round == 0 && schedule.main[1].round == 0 && schedule.main[2].round == 1));
  RunOptions options;
  options.record_rounds = true;
  const RunResult result = simulate(*program, options);
  REQUIRE(result.complete);
  CHECK(result.round_results[0].stream_end == result.round_results[0].stream_start + k);
  CHECK(result.round_results[1].stream_start == result.round_results[0].stream_end + rows - k);
  CHECK(result.stalls[static_cast<std::size_t>(StallCause::bank)] == rows - k);
}

TEST_CASE("dataflows: a tile that is read by columns one cycle too early gives wrong values", "[sim]") {
  NetworkBuilder b("two");
  const std::string x = b.input("x", {6, 5});
  const std::string y = b.linear("fc1", x, {5, 7, false, {}});
  const Network network = b.build({b.linear("fc2", y, {7, 4, false, {}})});
  const ValuedRun reference = value_network(network, {}, 1);
  for (const std::string& dataflow : kDataflows) {
    for (const int early : {0, 1}) {
      Setup setup = crossbar_setup(1, 8, 8);
      setup.hardware.pods.dataflow.type = dataflow;
      const auto program = make(network, setup);
      REQUIRE(program->work.requirements.size() == 1);  // of the activations of fc2, which wait for nothing else
      program->work.requirements[0].offset -= early;
      ValuePlane values(*program, network, reference.values);
      REQUIRE(simulate(*program, {}, &values).complete);
      CAPTURE(dataflow, early);
      CHECK(compare_outputs(network, program->work.network, values.tensors(), reference.outputs.tensors).is_equal() ==
            (early == 0));
    }
  }
}

TEST_CASE("dataflows: a tile that passes a transposing buffer comes as many cycles later as it has rows", "[sim]") {
  // m = 12, k = 30, n = 7: one tile operation, whose tiles are fetched in time for nothing else to matter.
  for (const std::string& dataflow : kDataflows) {
    std::int64_t loaded[2] = {0, 0}, streamed[2] = {0, 0};
    for (const bool buffered : {false, true}) {
      Setup setup = crossbar_setup(1, 32, 32);
      setup.hardware.pods.dataflow.type = dataflow;
      setup.hardware.banks.column_reads = buffered ? "buffered" : "free";
      RunOptions recorded;
      recorded.record_rounds = true;
      const RunResult result = simulate(*make(one_linear(12, 30, 7), setup), recorded);
      REQUIRE(result.complete);
      loaded[buffered] = result.round_results.front().load_start;
      streamed[buffered] = result.round_results.front().stream_start;
    }
    CAPTURE(dataflow);
    if (dataflow == "weight_stationary") {
      CHECK(loaded[1] == loaded[0]);
      CHECK(streamed[1] == streamed[0]);
    } else if (dataflow == "output_stationary") {
      CHECK(streamed[1] == streamed[0] + 12);  // 12 rows of activations, of which 30 columns are needed
    } else {
      CHECK(loaded[1] == loaded[0] + 12);
      // 30 rows of weights, of which 7 columns are needed, are read while 30 rows of activations are loaded.
      CHECK(streamed[1] == streamed[0] + 12);
    }
  }
}

TEST_CASE("dataflows: a residual that was just written passes the transposing buffer before it is added", "[sim]") {
  // Two layers of one tile operation of one cycle each: the pass that adds the residual waits for nothing else.
  constexpr int m = 24;
  NetworkBuilder b("pair");
  const std::string x = b.input("x", {m, 1}), y = b.input("y", {m, 1});
  const std::string one = b.linear("one", x, {1, 1, false, {}});
  const Network network = b.build({b.add("sum", {b.linear("two", y, {1, 1, false, {}}), one})});
  const ValuedRun reference = value_network(network, {}, 1);
  for (const bool buffered : {false, true}) {
    Setup setup = crossbar_setup(1, 4, m);
    setup.hardware.pods.dataflow.type = "input_stationary";
    setup.hardware.banks.column_reads = buffered ? "buffered" : "free";
    const auto program = make(network, setup);
    ValuePlane values(*program, network, reference.values);
    const ObservedRun run = observe(*program, 0, &values);
    CAPTURE(buffered);
    REQUIRE(run.result.complete);
    CHECK(compare_outputs(network, program->work.network, values.tensors(), reference.outputs.tensors).is_equal());
    std::vector<Transfer> residuals, outputs;
    for (const SeenCircuit& seen : run.circuits) {
      const bool is_input = seen.fabric == FabricId::post_in1 || seen.fabric == FabricId::post_in2;
      if (is_input && seen.transfer.item < program->work.tiles.size()) residuals.push_back(seen.transfer);
      if (seen.fabric == FabricId::post_out) outputs.push_back(seen.transfer);
    }
    REQUIRE(residuals.size() == 1);
    REQUIRE(outputs.size() == 2);
    const Transfer& residual = residuals.front();
    CHECK(residual.ahead == (buffered ? m : 0));
    // The row of "one" is written as it arrives; a bank reads what was written in cycles before, and launches after it.
    CHECK(residual.launch == outputs.front().arrival + 2 + residual.ahead);
  }
}

TEST_CASE("dataflows: transposing buffers change when things happen, not what", "[sim]") {
  const Network network = load_network("zoo:resnet20");
  const ValuedRun reference = value_network(network, {}, 1);
  for (const std::string& dataflow : kDataflows) {
    for (const char* topology : {"butterfly", "mesh"}) {
      Setup setup = crossbar_setup(6, 16, 16);
      setup.hardware.interconnect = {topology, Json::object()};
      setup.hardware.pods.dataflow.type = dataflow;
      CAPTURE(dataflow, topology);
      const std::int64_t free = simulate(*make(network, setup), {}).cycles;
      setup.hardware.banks.column_reads = "buffered";
      const auto program = make(network, setup);
      ValuePlane values(*program, network, reference.values);
      const RunResult result = simulate(*program, {}, &values);
      REQUIRE(result.complete);
      CHECK(compare_outputs(network, program->work.network, values.tensors(), reference.outputs.tensors).is_equal());
      CHECK((dataflow == "weight_stationary" ? result.cycles == free : result.cycles > free));
    }
  }
}

TEST_CASE("dataflows: pods that differ in what stays share a machine, and values stay", "[sim]") {
  const Network network = load_network("zoo:resnet20");
  const ValuedRun reference = value_network(network, {}, 1);
  for (const char* topology : {"butterfly", "mesh", "crossbar"}) {
    Setup setup = crossbar_setup(1, 16, 16);
    setup.hardware.interconnect = {topology, Json::object()};
    for (const std::string& dataflow : kDataflows) {
      PodConfig kind = setup.hardware.pods;
      kind.name = dataflow;
      kind.count = 3;
      kind.rows = kind.cols = 8 * (1 + static_cast<int>(setup.hardware.pods.groups.size()));
      kind.dataflow.type = dataflow;
      setup.hardware.pods.groups.push_back(kind);
    }
    // Every third layer on each, so that all three are at work, often in one round.
    std::size_t turn = 0;
    for (const Operation& operation : lower(network).operations) {
      setup.tiling.pod_groups[operation.name] = kDataflows[turn++ % 3];
    }
    const auto program = make(network, setup);
    ValuePlane values(*program, network, reference.values);
    const RunResult result = simulate(*program, {}, &values);
    REQUIRE(result.complete);
    CAPTURE(topology);
    CHECK(compare_outputs(network, program->work.network, values.tensors(), reference.outputs.tensors).is_equal());
    const auto broken = broken_identities(*program, result);
    CAPTURE(broken);
    CHECK(broken.empty());
  }
}

TEST_CASE("dataflows: a layer goes to the pods on which it is done first, however they move operands", "[sim]") {
  // m = 1024, k = 8, n = 1024 in tiles of 32 x 32 outputs: on 4 pods that keep weights 1024 tile operations of 32
  // cycles, 8192 cycles; on 2 pods that keep sums 1024 of 8 cycles each, but 32 rows of sums leave after each: 16,384
  // cycles.
  const Network network = one_linear(1024, 8, 1024);
  auto chosen = [&](int keeping_weights, int keeping_sums) {
    Setup setup = crossbar_setup(1, 32, 32);
    for (const auto& [dataflow, count] :
         {std::pair("weight_stationary", keeping_weights), {"output_stationary", keeping_sums}}) {
      PodConfig kind = setup.hardware.pods;
      kind.name = dataflow;
      kind.count = count;
      kind.dataflow.type = dataflow;
      setup.hardware.pods.groups.push_back(kind);
    }
    return setup.hardware.pod_group_name(cut(network, setup).gemms.front().pod_group);
  };
  CHECK(chosen(4, 2) == "weight_stationary");
  CHECK(chosen(2, 8) == "output_stationary");
}

TEST_CASE("dataflows: what pods cannot do is refused", "[sim]") {
  struct Odd final : Dataflow {
    OperandFlow flow() const override { return {false, false, false}; }
    TileShape tile_shape(const PodConfig&, std::optional<std::int64_t>, const TileShape& gemm) const override {
      return gemm;
    }
    Cycles stream_cycles(const TileShape& tile) const override { return Cycles(tile.m); }
    Cycles load_cycles(const TileShape& tile) const override { return Cycles(tile.k); }
    PortCycles least_cycles(const PodConfig&, const TileShape&) const override { return {}; }
    std::string describe(const PodConfig&) const override { return "odd"; }
  };
  static const Registered<NoParameters> entry{dataflow_registry(), "odd_for_a_test",
                                              "neither loads ahead nor keeps sums",
                                              [](const NoParameters&) { return std::make_unique<Odd>(); }};
  PodConfig pods;
  pods.dataflow.type = "odd_for_a_test";
  const auto error = error_of([&] { make_dataflow(pods); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
}

TEST_CASE("dataflows: weights that are warm stay in the banks that they lie in", "[sim]") {
  const Network network = load_network("zoo:resnet20");
  for (const std::string& dataflow : kDataflows) {
    CAPTURE(dataflow);
    const Setup setup = butterfly_setup(16, 32, dataflow);
    const Machine machine(setup.hardware);
    const auto scheduler = scheduler_registry().make(setup.scheduler);
    TiledWorkload work = cut(network, setup);
    const std::int64_t weights = work.weight_bytes;
    Schedule schedule = scheduler->schedule(work, machine, {});
    const Program program = make_program(machine, std::move(work), std::move(schedule), true, WeightResidency::warm);
    const RunResult result = simulate(program, {});
    REQUIRE(result.complete);
    CHECK(program.memory.resident_bytes == weights);  // 0.27 MB in 16 banks of 2 MiB
    CHECK(result.dram.weight_bytes == 0);
  }
}

}  // namespace
}  // namespace podsim::test
