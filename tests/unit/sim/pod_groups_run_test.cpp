// SPDX-License-Identifier: Apache-2.0
// Runs on machines with several kinds of pods.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "podsim/sim/report_json.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/sim/summary.hpp"
#include "podsim/sim/writer.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;
using test::difference;
using test::Setup;

PodConfig kind(std::string name, int count, int rows, int cols, int reach = 16) {
  PodConfig out;
  out.name = std::move(name);
  out.count = count;
  out.rows = rows;
  out.cols = cols;
  out.broadcast = out.fan_in = reach;
  return out;
}

std::int64_t up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// ceil(rows / reach) + ceil(cols / reach) - 1
std::int64_t wavefront(const PodConfig& pods) {
  return up(pods.rows, pods.fan_in) + up(pods.cols, pods.broadcast) - 1;
}

const std::vector<std::string> kNetworks{"zoo:mobilenet_v2:image=32", "zoo:inception_v3:image=75",
                                         "zoo:bert_medium:sequence=16"};

TEST_CASE("pod groups: one group counts the cycles of the same pods without groups", "[sim]") {
  for (const std::string& source : kNetworks) {
    for (const char* scheduler : {"sosa_greedy", "layer_sequential"}) {
      Setup setup = crossbar_setup(6, 16, 32);
      setup.hardware.pods.fan_in = 4;
      setup.scheduler.type = scheduler;
      const Network network = load_network(source);
      const RunResult plain = simulate(*test::make(network, setup), {});
      PodConfig pods = setup.hardware.pods;
      setup.hardware.pods = PodsConfig{};
      setup.hardware.pods.groups = {pods};
      INFO(source << " " << scheduler);
      CHECK(difference(plain, simulate(*test::make(network, setup), {})).empty());
    }
  }
}

TEST_CASE("pod groups: a group that is not used changes no cycle", "[sim]") {
  // Banks and post-processors are given, so that the machines differ in the second group only.
  for (const std::string& source : kNetworks) {
    for (const PodConfig& unused : {kind("unused", 5, 16, 16), kind("unused", 2, 64, 8, 1)}) {
      Setup setup = crossbar_setup(4, 16, 16);
      setup.hardware.banks.count = 9;
      setup.hardware.banks.capacity_kib = 4096;
      setup.hardware.post_processors.count = 9;
      const Network network = load_network(source);
      const RunResult plain = simulate(*test::make(network, setup), {});
      setup.hardware.pods.groups = {kind("used", 4, 16, 16), unused};
      setup.tiling.pod_groups = {{"*", "used"}};
      const RunResult grouped = simulate(*test::make(network, setup), {});
      INFO(source);
      CHECK(plain.dram.spilled_bytes == 0);
      CHECK(grouped.cycles == plain.cycles);
      CHECK(grouped.stalls == plain.stalls);
      CHECK(grouped.busy_pod_cycles == plain.busy_pod_cycles);
      CHECK(grouped.barrier_pod_cycles == plain.barrier_pod_cycles);
      // What is idle is all of the other pods, whenever something streams.
      CHECK(grouped.idle_pod_cycles == plain.idle_pod_cycles + unused.count * plain.stream_cycles);
      for (std::size_t pod = 4; pod < 4 + static_cast<std::size_t>(unused.count); ++pod) {
        CHECK(grouped.pod_busy_cycles[pod] == 0);
      }
    }
  }
}

TEST_CASE("pod groups: independent layers of two groups share their rounds", "[sim]") {
  // Two layers of two tile operations each, whose tiles lie in banks 0 and 1. On pods of their own they take turns at
  // the banks: two rounds instead of four.
  const std::int64_t m = 40;
  NetworkBuilder b("pair");
  std::vector<std::string> outputs;
  for (const char* name : {"a", "b"}) {
    const std::string x = b.input(std::string("x_") + name, {m, 16});
    outputs.push_back(b.linear(std::string("fc_") + name, x, {16, 8, false, {}}));
  }
  const Network network = b.build(outputs);
  Setup setup = crossbar_setup(1, 1, 1);
  setup.hardware.pods.groups = {kind("left", 1, 8, 8), kind("right", 1, 8, 8)};
  setup.tiling.partition_rows = 0;
  setup.tiling.pod_groups = {{"fc_a", "left"}, {"fc_b", "right"}};
  const auto together = test::make(network, setup);
  CHECK(together->schedule.last_main_round() == 1);
  CHECK(simulate(*together, {}).stream_cycles == 2 * m);
  setup.tiling.pod_groups = {{"*", "right"}};
  const auto apart = test::make(network, setup);
  CHECK(apart->schedule.last_main_round() == 3);
  const RunResult result = simulate(*apart, {});
  CHECK(result.stream_cycles == 4 * m);
  CHECK(result.pod_operations == std::vector<std::int64_t>{0, 4});
}

TEST_CASE("pod groups: the results of each group come after the latency of its own arrays", "[sim]") {
  // fc1, then fc2 on its result, one tile operation each, on pods whose arrays take 1 to 27 cycles. L = 1.
  constexpr std::int64_t m = 2, k = 4, n1 = 4, n2 = 8, read = 1, write = 1, link = 1;
  NetworkBuilder b("two");
  const std::string x = b.input("x", {m, k});
  const std::string y = b.linear("fc1", x, {k, n1, false, {}});
  const Network network = b.build({b.linear("fc2", y, {n1, n2, false, {}})});
  for (const int first_reach : {1, 3, 16}) {
    for (const int second_reach : {1, 2, 16}) {
      for (const bool swapped : {false, true}) {
        const PodConfig one = kind("one", 1, 8, 8, first_reach), two = kind("two", 1, 12, 16, second_reach);
        Setup setup = crossbar_setup(1, 1, 1);
        setup.hardware.pods.groups = swapped ? std::vector<PodConfig>{two, one} : std::vector<PodConfig>{one, two};
        setup.tiling.pod_groups = {{"fc1", "one"}, {"fc2", "two"}};
        const auto program = test::make(network, setup);
        REQUIRE(program->work.op_count == 2);
        const std::int64_t post = setup.hardware.post_processors.latency_cycles;
        const auto bandwidth = static_cast<std::int64_t>(setup.hardware.dram.bandwidth_gb_per_s);
        REQUIRE(k * n1 + m * k + n1 * n2 < bandwidth);  // all fills share the first cycle of the bus

        // Round 0: k weight rows filled, read and loaded; the m activation rows are there by then.
        const std::int64_t s0 = k + read + link + k;
        // Round 1: the pass, when the first sums are readable; later than the end of the round before, s0 + m.
        const std::int64_t v1 = s0 + wavefront(one) + link + write + read + link;
        REQUIRE(v1 >= s0 + m);
        // Round 2: fc2, when the first row of the result is readable; its weights have long been loaded.
        const std::int64_t s2 = v1 + post + link + write + read + link;
        const std::int64_t v3 = std::max(s2 + m, s2 + wavefront(two) + link + write + read + link);
        const std::int64_t stored = v3 + post + link + write + m - 1;
        const std::int64_t cycles = stored + 1 + up(m * n2, bandwidth);

        CAPTURE(first_reach, second_reach, swapped);
        const RunResult result = simulate(*program, {});
        CHECK(result.operations[0].first_cycle == s0);
        CHECK(result.operations[1].first_cycle == s2);
        CHECK(result.cycles == cycles);
        RunOptions limited;
        limited.max_cycles = cycles - 1;
        CHECK_FALSE(simulate(*program, limited).complete);
        limited.max_cycles = cycles + 1;
        CHECK(simulate(*program, limited).complete);
        CHECK(test::broken_identities(*program, result).empty());
      }
    }
  }
}

/// Two independent layers of one tile operation of m rows each; the first on group 0 in round 0, the second on group 1
/// in round 1, their sums into the given banks.
std::unique_ptr<Program> two_rounds(const Setup& setup, std::int64_t m, std::uint16_t bank0, std::uint16_t bank1) {
  NetworkBuilder b("pair");
  std::vector<std::string> outputs;
  for (const char* name : {"0", "1"}) {
    const std::string x = b.input(std::string("x") + name, {m, 8});
    outputs.push_back(b.linear(std::string("fc") + name, x, {8, 8, false, {}}));
  }
  Machine machine(setup.hardware);
  TiledWorkload work = test::cut(b.build(outputs), setup);
  Schedule schedule;
  for (std::uint32_t op = 0; op < 2; ++op) {
    schedule.main.push_back({op, static_cast<std::uint16_t>(op), op == 0 ? bank0 : bank1, kNone});
    PostPlacement pass;
    pass.kind = PostPlacement::Kind::finalize;
    pass.writes_output = true;
    pass.round = 3 + op;
    pass.operation = op;
    pass.rows = static_cast<std::int32_t>(m);
    pass.columns = 8;
    pass.tile = op;
    pass.in1 = {PostSource::Kind::main_sum, op};
    schedule.post.push_back(pass);
  }
  return std::make_unique<Program>(make_program(std::move(machine), std::move(work), std::move(schedule), false));
}

TEST_CASE("pod groups: sums of a faster array wait until those of a slower one have gone", "[sim]") {
  // Round 1 could follow round 0 after m cycles. Its array is faster by the difference of the latencies: so much
  // earlier its sums would come to the bank, or onto the bus, while the last ones of round 0 still do.
  constexpr std::int64_t m = 20;
  for (const int reach : {1, 2, 8}) {
    Setup setup = crossbar_setup(1, 1, 1);
    setup.hardware.pods.groups = {kind("slow", 1, 16, 16, reach), kind("fast", 1, 8, 8)};
    setup.tiling.partition_rows = 0;
    setup.tiling.pod_groups = {{"fc0", "slow"}, {"fc1", "fast"}};
    const std::int64_t later = wavefront(setup.hardware.pods.groups[0]) - wavefront(setup.hardware.pods.groups[1]);
    REQUIRE(later > 0);
    auto distance = [](const RunResult& result) {
      return result.operations[1].first_cycle - result.operations[0].first_cycle;
    };
    auto stall = [](const RunResult& result, StallCause cause) {
      return result.stalls[static_cast<std::size_t>(cause)];
    };
    CAPTURE(reach);
    const RunResult one_bank = simulate(*two_rounds(setup, m, 0, 0), {});
    CHECK(distance(one_bank) == m + later);
    CHECK(stall(one_bank, StallCause::bank) == later);
    const RunResult two_banks = simulate(*two_rounds(setup, m, 0, 1), {});
    CHECK(distance(two_banks) == m);
    CHECK(stall(two_banks, StallCause::bank) == 0);
    // A bus has one link for all.
    setup.hardware.interconnect = {"bus", Json::object()};
    const RunResult bus = simulate(*two_rounds(setup, m, 0, 1), {});
    CHECK(distance(bus) == m + later);
    CHECK(stall(bus, StallCause::network) == later);
    // The other way round there is nothing to wait for: the slower array's sums come later still.
    std::swap(setup.hardware.pods.groups[0], setup.hardware.pods.groups[1]);
    setup.tiling.pod_groups = {{"fc0", "fast"}, {"fc1", "slow"}};
    CHECK(distance(simulate(*two_rounds(setup, m, 0, 0), {})) == m);
  }
}

TEST_CASE("pod groups: sums of an array that keeps none wait until those that another kept have drained", "[sim]") {
  // With b = f = 16 both arrays launch sums a cycle after they may, the one from its end, the other from its start on.
  // Round 0 takes k cycles. The W tile of round 1 lies in the same bank and follows that of round 0: k more cycles. The
  // m rows of sums that leave from the end of round 0 on take longer.
  constexpr std::int64_t m = 14, k = 8;
  Setup setup = crossbar_setup(1, 1, 1);
  setup.hardware.pods.groups = {kind("keeps", 1, 16, 8), kind("streams", 1, 8, 8)};
  setup.hardware.pods.groups[0].dataflow.type = "output_stationary";
  setup.tiling.partition_rows = 0;
  setup.tiling.pod_groups = {{"fc0", "keeps"}, {"fc1", "streams"}};
  auto distance = [](const RunResult& result) {
    return result.operations[1].first_cycle - result.operations[0].first_cycle;
  };
  CHECK(distance(simulate(*two_rounds(setup, m, 0, 0), {})) == k + m);
  CHECK(distance(simulate(*two_rounds(setup, m, 0, 1), {})) == k + k);
  // A bus has one link for all.
  setup.hardware.interconnect = {"bus", Json::object()};
  CHECK(distance(simulate(*two_rounds(setup, m, 0, 1), {})) == k + m);
}

TEST_CASE("pod groups: single weight buffers bind the groups that have them only", "[sim]") {
  // The second operation loads its 8 weight rows while the first streams, or after it: Rs + Cs - 2 cycles for the last
  // activation row to leave the array, and 8 for the weights.
  constexpr std::int64_t m = 20;
  for (const bool first_single : {false, true}) {
    for (const bool second_single : {false, true}) {
      Setup setup = crossbar_setup(1, 1, 1);
      setup.hardware.pods.groups = {kind("first", 1, 8, 8, 2), kind("second", 1, 8, 8, 2)};
      setup.hardware.pods.groups[0].weight_buffers = first_single ? "single" : "double";
      setup.hardware.pods.groups[1].weight_buffers = second_single ? "single" : "double";
      setup.tiling.partition_rows = 0;
      setup.tiling.pod_groups = {{"fc0", "first"}, {"fc1", "second"}};
      const RunResult result = simulate(*two_rounds(setup, m, 0, 1), {});
      const std::int64_t distance = result.operations[1].first_cycle - result.operations[0].first_cycle;
      CAPTURE(first_single, second_single);
      CHECK(distance == (second_single ? m + (4 + 4 - 2) + 8 : m));
    }
  }
}

Report mixed_report() {
  return run_experiment(read_experiment({"mixed", Json::parse(R"({
    "workload": "zoo:inception_v3:image=75",
    "hardware": {"pods": {"groups": [{"name": "small", "count": 12, "rows": 16, "cols": 16},
                                     {"count": 2, "rows": 64, "cols": 32, "fan_in": 4}]},
                 "banks": {"count": 16}}})")}),
                        {});
}

TEST_CASE("pod groups: the report tells what each group did, and it adds up", "[sim]") {
  const Report report = mixed_report();
  CHECK(report.pods == 14);
  REQUIRE(report.pod_groups.size() == 2);
  CHECK(report.pod_groups[0].name == "small");
  CHECK(report.pod_groups[1].name == "1");
  CHECK(report.pod_groups[1].array_latency_cycles == 64 / 4 + 32 / 16 - 1);
  const double pes = 12 * 16 * 16 + 2 * 64 * 32;
  CHECK(report.pes() == 12 * 16 * 16 + 2 * 64 * 32);
  const auto cycles = static_cast<double>(report.result.cycles);
  CHECK(report.utilization() == Approx(static_cast<double>(report.result.macs) / (pes * cycles)));
  CHECK(report.peak_tops() == Approx(2 * pes * report.clock_mhz * 1e6 / 1e12));

  std::int64_t macs = 0, operations = 0, busy = 0, layers = 0, gemms = 0;
  for (const PodGroupReport& group : report.pod_groups) {
    CHECK(group.layers > 0);  // the branches of the network keep both busy
    macs += group.macs;
    operations += group.tile_operations;
    busy += group.busy_pod_cycles;
    layers += group.layers;
  }
  for (const LayerReport& layer : report.layers) {
    CHECK((layer.pod_group >= 0) == (layer.groups > 0));
    gemms += layer.groups > 0 ? 1 : 0;
  }
  CHECK(macs == report.result.macs);
  CHECK(operations == report.result.tile_operations);
  CHECK(busy == report.result.busy_pod_cycles);
  CHECK(layers == gemms);

  const Json json = to_json(report);
  const Json& groups = json["machine"]["pod_groups"];
  REQUIRE(groups.size() == 2);
  CHECK_FALSE(json["machine"].contains("rows"));
  CHECK(groups[1]["rows"] == 64);
  CHECK(groups[1]["macs"] == report.pod_groups[1].macs);
  for (std::size_t n = 0; n < report.layers.size(); ++n) {
    const int group = report.layers[n].pod_group;
    CHECK(json["layers"][n].value("pod_group", "none") == (group < 0 ? "none" : group == 0 ? "small" : "1"));
  }
  const StatGroup statistics = report.statistics();
  REQUIRE(statistics.find("pod_groups/small/macs") != nullptr);
  REQUIRE(statistics.find("pod_groups/1/utilization") != nullptr);
  const std::string summary = summary_text(report);
  CHECK(summary.find("14 pods (12 of 16x16, 2 of 64x32) PEs at 1000 MHz") != std::string::npos);
  CHECK(summary.find("Groups of pods") != std::string::npos);
}

TEST_CASE("pod groups: an echoed experiment is read back as it was", "[sim]") {
  const Report report = mixed_report();
  const Experiment again = read_experiment({"echo", report.experiment});
  CHECK(config_hash(again) == report.config_hash);
  CHECK(again.hardware.pods.groups.size() == 2);
  CHECK(again.hardware.pods.groups[1].fan_in == 4);
}

}  // namespace
}  // namespace podsim
