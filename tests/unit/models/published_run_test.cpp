// SPDX-License-Identifier: Apache-2.0
// Small GEMMs whose cycles under the published rules are worked out by hand.
#include "podsim/models/published/run.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "podsim/models/published/tiling.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using published::GemmLayer;
using published::MachineConfig;
using published::RunResult;

/// Layers of equal GEMMs, each depending on the one before.
std::vector<GemmLayer> layers(std::int64_t m, std::int64_t k, std::int64_t n, int count = 1) {
  std::vector<GemmLayer> out;
  for (int l = 0; l < count; ++l) {
    GemmLayer layer;
    layer.name = "gemm" + std::to_string(l);
    layer.gemm = {m, k, n, 1};
    layer.reads_network_input = l == 0;
    if (l > 0) layer.dependencies = {l - 1};
    out.push_back(layer);
  }
  return out;
}

MachineConfig machine_of(int pods, const std::string& type = "crossbar", int expansion = 0) {
  MachineConfig machine;
  machine.pods = pods;
  machine.interconnect = {type, expansion > 0 ? Json{{"expansion", expansion}} : Json::object()};
  return machine;
}

/// Cycles and the indices of the last rounds.
struct Expected {
  std::int64_t cycles, last_main, last_post;
};

void check(const RunResult& result, const Expected& expected) {
  CHECK(result.failure.empty());
  CHECK(result.cycles == expected.cycles);
  CHECK(result.last_main_round == expected.last_main);
  CHECK(result.last_post_round == expected.last_post);
  CHECK(result.cycles == result.warm_up_cycles + result.memory_stall_cycles + result.round_cycles + result.tail_cycles);
}

// On 32x32 arrays a weight tile of 32x32 is fetched in one cycle (1288.49 bytes) and loaded in 33; a round of 32 rows
// takes 33 cycles; the crossbar (L = 1) adds L + 1 = 2 at the end. The last round does not run.
constexpr std::int64_t kWarm = 1 + 33, kRound = 33, kTail = 2;

TEST_CASE("published run: one tile operation is not executed", "[models]") {
  const RunResult result = published::run(layers(32, 32, 32), machine_of(1));
  check(result, {kWarm + kTail, 0, 0});
  CHECK(result.ops == 0);
  CHECK(result.w_bytes == 32 * 32);
  CHECK(result.x_bytes == 32 * 32);
  CHECK(result.tile_operations == 1);
}

TEST_CASE("published run: of two rounds the first is executed", "[models]") {
  const RunResult rows = published::run(layers(64, 32, 32), machine_of(1));
  check(rows, {kWarm + kRound + kTail, 1, 0});
  CHECK(rows.ops == 2 * 32 * 32 * 32);
  // Both along k: the second operation takes the sums of the first.
  check(published::run(layers(32, 64, 32), machine_of(1)), {kWarm + kRound + kTail, 1, 0});
}

TEST_CASE("published run: what is not chained is added, each add twice", "[models]") {
  // Both operations in round 0, so that none can take the other's sums: an add in round 1, its twin in round 2. Two
  // weight tiles are fetched in two cycles.
  check(published::run(layers(32, 64, 32), machine_of(2)), {kWarm + 1 + 2 * kRound + kTail, 0, 2});
  // Three adds, six passes in rounds 1 to 4. Four weight tiles are fetched in four cycles. Five of the passes run.
  const RunResult tree = published::run(layers(32, 128, 32), machine_of(4));
  check(tree, {kWarm + 3 + 4 * kRound + kTail, 0, 4});
  CHECK(tree.post_ops == 5 * 32 * 32);
  // k = 0, 1 in round 0; k = 2 in round 1 takes the sums of k = 0; the adds are in rounds 2 and 3.
  check(published::run(layers(32, 96, 32), machine_of(2)), {kWarm + 1 + 3 * kRound + kTail, 1, 3});
}

TEST_CASE("published run: activations are multicast, chains keep the rounds together", "[models]") {
  check(published::run(layers(32, 32, 64), machine_of(2)), {kWarm + 1 + kTail, 0, 0});
  check(published::run(layers(64, 64, 64), machine_of(4)), {kWarm + 1 + kRound + kTail, 1, 0});
}

TEST_CASE("published run: arrays that load different numbers of weight rows load until they end together", "[models]") {
  // 32 and 3 weight rows: lcm(33, 4) = 132 cycles after one of fetching.
  const std::vector<GemmLayer> work = layers(32, 35, 32);
  check(published::run(work, machine_of(2)), {1 + 132 + 2 * kRound + kTail, 0, 2});
  published::Rules sane;
  sane.buffers_rearm = false;
  const MachineConfig machine = machine_of(2);
  const TiledWorkload tiles = published::tile(work, machine);
  const Schedule schedule = published::schedule(tiles, machine);
  check(published::run_schedule(tiles, schedule, machine, sane), {1 + 33 + 2 * kRound + kTail, 0, 2});
}

TEST_CASE("published run: loading the next weights bounds a round of few rows", "[models]") {
  check(published::run(layers(10, 32, 32, 2), machine_of(1)), {kWarm + kRound + kTail, 1, 0});
}

TEST_CASE("published run: round trips bound the rounds of remainders", "[models]") {
  // 4 x 4 x 4 tiles on 4 pods: 16 rounds, of which 15 run: 14 of 33 cycles, and one whose tiles are 4 rows high and
  // after which 4 weight rows (k = 3) are the next. It takes 1 + max(4, 2 L + 1). Two fetch cycles.
  const std::vector<GemmLayer> work = layers(100, 100, 100);
  auto expected = [](std::int64_t latency) {
    const std::int64_t remainder = 1 + std::max<std::int64_t>(4, 2 * latency + 1);
    return Expected{kWarm + 2 + 14 * kRound + remainder + latency + 1, 15, 0};
  };
  check(published::run(work, machine_of(4)), expected(1));
  check(published::run(work, machine_of(4, "butterfly", 1)), expected(2));
  check(published::run(work, machine_of(4, "butterfly", 2)), expected(2 + 2 * 1));
  check(published::run(work, machine_of(4, "butterfly", 4)), expected(2 + 2 * 2));
  check(published::run(work, machine_of(4, "benes")), expected(4 * 2 - 1));
}

TEST_CASE("published run: dependent layers do not share rounds", "[models]") {
  check(published::run(layers(64, 64, 64, 2), machine_of(4)), {kWarm + 1 + 3 * kRound + kTail, 3, 0});
}

TEST_CASE("published run: memory stalls", "[models]") {
  // 10 GiB/s are 10.737 bytes a cycle: 2 weight tiles of round 0 in 191 cycles, all 8192 bytes in 763.
  MachineConfig machine = machine_of(4);
  machine.bandwidth_giga_per_s = 10;
  const RunResult result = published::run(layers(64, 64, 64), machine);
  check(result, {763 + kTail, 1, 0});
  CHECK(result.warm_up_cycles == 191 + 33);
  CHECK(result.memory_stall_cycles == 158 + 348);
}

TEST_CASE("published run: before the first round it waits for memory as long as it takes", "[models]") {
  // A quarter of a byte per cycle: 4096 cycles for W, as many for X, of which 33 pass while weights are loaded. Between
  // rounds no more than 100 x 32 stalled cycles would be allowed.
  MachineConfig machine = machine_of(1);
  machine.bandwidth_giga_per_s = 0.25 * 1e9 / 1073741824;
  const RunResult result = published::run(layers(32, 32, 32), machine);
  check(result, {4096 + 4096 + kTail, 0, 0});
  CHECK(result.memory_stall_cycles == 4096 - 33);
}

TEST_CASE("published run: a butterfly blocks", "[models]") {
  const std::vector<GemmLayer> wide = layers(128, 32, 96);
  check(published::run(wide, machine_of(4)), {kWarm + 2 + 2 * kRound + 2, 2, 0});
  // Sums of (i1, k0) find no way in round 0 beside those of i0 on pods 0 to 2: four rounds instead of three.
  check(published::run(wide, machine_of(4, "butterfly", 1)), {kWarm + 2 + 3 * kRound + 3, 3, 0});
  check(published::run(wide, machine_of(4, "butterfly", 2)), {kWarm + 2 + 2 * kRound + 5, 2, 0});
  // As many rounds of operations, but sums that cannot be chained, and adds up to round 4.
  const std::vector<GemmLayer> deep = layers(64, 64, 96);
  check(published::run(deep, machine_of(4)), {kWarm + 2 + 2 * kRound + 2, 2, 0});
  check(published::run(deep, machine_of(4, "butterfly", 1)), {kWarm + 2 + 4 * kRound + 3, 2, 4});
}

TEST_CASE("published run: a butterfly takes the operations in this order", "[models]") {
  const MachineConfig machine = machine_of(4, "butterfly", 1);
  const TiledWorkload work = published::tile(layers(128, 32, 96), machine);
  const Schedule schedule = published::schedule(work, machine);
  struct Place {
    std::int64_t i, k;
    std::uint32_t round, pod;
  };
  const std::vector<Place> places{{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 2, 0, 2}, {1, 1, 0, 3}, {1, 0, 1, 0}, {2, 0, 1, 1},
                                  {1, 2, 1, 2}, {2, 1, 1, 3}, {2, 2, 2, 0}, {3, 1, 2, 1}, {3, 0, 2, 2}, {3, 2, 3, 0}};
  REQUIRE(places.size() == work.op_count);
  for (const Place& place : places) {
    CAPTURE(place.i, place.k);
    const MainPlacement& main = schedule.main[work.gemms[0].op(0, place.i, 0, place.k)];
    CHECK(main.round == place.round);
    CHECK(main.pod == place.pod);
  }
}

TEST_CASE("published run: the partition sets the rows of a tile", "[models]") {
  const std::vector<GemmLayer> work = layers(64, 64, 64);
  MachineConfig machine = machine_of(4);
  // Four operations of 64 rows in round 0, an add and its twin: 65 cycles each. Four weight tiles in four cycles.
  machine.partition_rows = 64;
  check(published::run(work, machine), {kWarm + 3 + 2 * 65 + kTail, 0, 2});
  // Four rounds of 16 rows, as long as 32 weight rows take.
  machine.partition_rows = 16;
  check(published::run(work, machine), {kWarm + 1 + 3 * kRound + kTail, 3, 0});
}

TEST_CASE("published run: a bus carries one operation a round", "[models]") {
  check(published::run(layers(64, 64, 64), machine_of(4, "bus")), {kWarm + 7 * kRound + kTail, 7, 0});
}

TEST_CASE("published run: sums take the room of those of the round that ends", "[models]") {
  // A bank holds the sums of one operation, or two activation tiles. At the end of round r the sums of that round give
  // way to the next ones. The third activation tile finds room in round 1, when the first one is wanted no more.
  MachineConfig machine = machine_of(1);
  machine.bank_bytes = 2 * 32 * 32;
  const RunResult result = published::run(layers(96, 32, 32), machine);
  check(result, {kWarm + 2 * kRound + kTail, 2, 0});
  // While DRAM waits for the third tile in round 0 there is nothing to write back yet, and later it does not wait.
  CHECK(result.p_bytes == 0);
  // If the next operation adds to the sums that had to go, they can never be there together.
  CHECK(published::run(layers(32, 64, 32), machine).cycles == -1);
}

TEST_CASE("published run: it says why it cannot end", "[models]") {
  MachineConfig machine = machine_of(4);
  machine.prefetch_rounds = 1;
  RunResult result = published::run(layers(64, 64, 64), machine);
  CHECK(result.cycles == -1);
  CHECK(result.memory_stall_cycles == 3201);
  CHECK(result.failure.find("prefetch limit (1)") != std::string::npos);

  machine = machine_of(2);
  machine.bank_bytes = 4096;
  result = published::run(layers(128, 64, 32), machine);
  CHECK(result.cycles == -1);
  CHECK(result.memory_stall_cycles == 3201);
  CHECK(result.failure.find("4096 bytes") != std::string::npos);

  // Not even one weight tile fits.
  machine.bank_bytes = 512;
  result = published::run(layers(32, 32, 32), machine);
  CHECK(result.cycles == -1);
  CHECK(result.failure.find("deadlock before the first round") != std::string::npos);
}

TEST_CASE("published run: arrays that load again and again are full together after the least common multiple",
          "[models]") {
  // A W tile of h rows takes h + 1 cycles, time after time. All bytes of W in round 0 come in one cycle. Every layer's
  // tiles begin at bank 0, so layer l brings its tile number l into round 0, the last one of 128 l + h.
  MachineConfig machine = machine_of(8);
  machine.rows = 128;
  auto heights = [&](const std::vector<std::int64_t>& rows) {
    std::vector<GemmLayer> out;
    for (const std::int64_t h : rows) {
      out.push_back(layers(1, machine.rows * static_cast<std::int64_t>(out.size()) + h, 1).front());
    }
    return out;
  };
  CHECK(published::run(heights({100, 102}), machine).warm_up_cycles == 1 + 101 * 103);
  const RunResult never = published::run(heights({100, 102, 106, 108, 112}), machine);  // 1.4e10 cycles
  CHECK(never.cycles == -1);
  CHECK(never.failure.find("weight tiles of too many heights meet in round 0") != std::string::npos);
}

TEST_CASE("published run: machines without published figures are refused", "[models]") {
  auto refusal = [](const MachineConfig& machine) {
    const auto error = test::error_of([&] { published::run(layers(32, 32, 32), machine); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::bad_input);
    return std::string(error->what());
  };
  CHECK(refusal(machine_of(4, "mesh")).find("/interconnect: no published figures for \"mesh\"") != std::string::npos);
  CHECK(refusal(machine_of(1, "butterfly")).find("/pods: a butterfly needs two pods or more, got 1") !=
        std::string::npos);
  MachineConfig benes = machine_of(4);
  benes.interconnect = {"benes", Json{{"copy_network", false}}};
  CHECK(refusal(benes).find("/interconnect: benes without copy network") != std::string::npos);
}

TEST_CASE("published run: layers that cannot be cut are refused, all mistakes at once", "[models]") {
  std::vector<GemmLayer> bad = layers(8, 8, 8, 3);
  bad[0].gemm.k = 0;
  bad[1].kernel_area = 0;
  bad[1].dependencies = {1, -1};
  const auto error = test::error_of([&] { published::tile(bad, machine_of(1)); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_input);
  REQUIRE(error->issues().size() == 4);
  CHECK(error->issues()[0].text() == "published workload:/0: layer \"gemm0\" has an empty GEMM");
  CHECK(error->issues()[1].text() == "published workload:/1: layer \"gemm1\" has an empty kernel");
  CHECK(error->issues()[2].text() ==
        "published workload:/1: layer \"gemm1\" depends on layer 1, which is not before it");
  CHECK(error->issues()[3].text() ==
        "published workload:/1: layer \"gemm1\" depends on layer -1, which is not before it");
  CHECK(test::error_of([] { published::tile({}, machine_of(1)); }));
  // 2^11 x 2^10 x 2^10 tiles of 32 are 2^31 operations; one row of tiles less would do, but takes memory.
  const auto large = test::error_of([] { published::tile(layers(1 << 16, 1 << 15, 1 << 15), machine_of(1)); });
  REQUIRE(large);
  CHECK(large->kind() == ErrorKind::run_failed);
  CHECK(std::string(large->what()).find("layer \"gemm0\" makes more than 2^31 tile operations") != std::string::npos);
}

}  // namespace
}  // namespace podsim
