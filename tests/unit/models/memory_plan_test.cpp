// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/memory_plan.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;
using test::error_of;
using test::Setup;

MemoryPlan plan_with(const Program& program, std::int64_t capacity_kib, const std::string& spill = "lru") {
  HardwareConfig hardware = program.machine.config;
  hardware.banks.capacity_kib = capacity_kib;
  hardware.spill = spill;
  return plan_memory(program.work, program.schedule, program.order, Machine(hardware));
}

std::int64_t filled(const MemoryPlan& plan) {
  std::int64_t bytes = 0;
  for (const Fill& fill : plan.fills) bytes += fill.bytes;
  return bytes;
}

/// A residual network whose activations are needed late.
Network residual_network() {
  NetworkBuilder b("late");
  const std::string x = b.input("x", {64, 64});
  std::string y = b.linear("l0", x, {64, 64, false, {}});
  const std::string early = y;
  for (int n = 1; n < 5; ++n) y = b.linear("l" + std::to_string(n), y, {64, 64, false, {}});
  return b.build({b.add("sum", {y, early})});
}

TEST_CASE("memory plan: without pressure every tile in DRAM is fetched exactly once", "[models]") {
  for (const char* name : {"zoo:resnet50:image=64", "zoo:bert_medium:sequence=16", "zoo:gpt2_small_decode:context=9"}) {
    const auto program = test::make(load_network(name), crossbar_setup(8, 32, 32));
    CAPTURE(name);
    std::map<ItemId, int> fetched;
    for (const Fill& fill : program->memory.fills) {
      ++fetched[fill.item];
      CHECK_FALSE(fill.is_refetch);
      REQUIRE(fill.item < program->work.tiles.size());
      const StoredTile& tile = program->work.tiles[fill.item];
      CHECK(fill.bytes == tile.dram_bytes);
      CHECK(fill.bank == tile.bank);
      CHECK(fill.bank_class == tile.bank_class);
      CHECK(fill.rows == tile.rows);
    }
    for (ItemId item = 0; item < program->work.tiles.size(); ++item) {
      CHECK(fetched[item] == (program->work.tiles[item].dram_bytes > 0 ? 1 : 0));
    }
    CHECK(program->memory.spills.empty());
    CHECK(program->memory.refetched_bytes == 0);
    CHECK(program->memory.spilled_bytes == 0);
  }
}

TEST_CASE("memory plan: fills come in the order in which rounds need them", "[models]") {
  const auto program = test::make(load_network("zoo:mobilenet_v2:image=64"), crossbar_setup(6, 16, 16));
  const MemoryPlan& plan = program->memory;
  REQUIRE(plan.fills_first.size() == program->schedule.round_count() * kStages + 1);
  for (std::size_t n = 1; n < plan.fills.size(); ++n) {
    const auto key = [&](const Fill& fill) {
      return fill.need_round * kStages + static_cast<std::uint32_t>(fill.need_stage);
    };
    CHECK(key(plan.fills[n - 1]) <= key(plan.fills[n]));
  }
  for (std::size_t at = 0; at + 1 < plan.fills_first.size(); ++at) {
    for (std::uint32_t f = plan.fills_first[at]; f < plan.fills_first[at + 1]; ++f) {
      CHECK(plan.fills[f].need_round * kStages + static_cast<std::uint32_t>(plan.fills[f].need_stage) == at);
    }
  }
}

TEST_CASE("memory plan: smaller banks never fetch or spill less", "[models]") {
  const auto program = test::make(residual_network(), crossbar_setup(2, 16, 16));
  std::int64_t filled_before = 0, spilled_before = 0;
  bool spilled = false, ended = false;
  for (std::int64_t capacity = 64; capacity >= 1 && !ended; --capacity) {
    std::int64_t bytes = 0, spills = 0;
    const auto error = error_of([&] {
      const MemoryPlan plan = plan_with(*program, capacity);
      bytes = filled(plan);
      spills = plan.spilled_bytes;
    });
    CAPTURE(capacity);
    if (error) {
      ended = true;
      break;
    }
    CHECK(bytes >= filled_before);
    CHECK(spills >= spilled_before);
    filled_before = bytes;
    spilled_before = spills;
    spilled = spilled || spills > 0;
  }
  CHECK(spilled);
}

TEST_CASE("memory plan: what is spilled is fetched again, with as many bytes", "[models]") {
  const auto program = test::make(residual_network(), crossbar_setup(2, 16, 16));
  // The smallest capacity that can be planned spills.
  for (std::int64_t capacity = 1; capacity < 64; ++capacity) {
    if (error_of([&] { plan_with(*program, capacity); })) continue;
    const MemoryPlan plan = plan_with(*program, capacity);
    CAPTURE(capacity);
    REQUIRE_FALSE(plan.spills.empty());
    std::map<ItemId, std::int64_t> out, in;
    for (const Spill& spill : plan.spills) out[spill.item] += spill.bytes;
    for (const Fill& fill : plan.fills) {
      if (fill.is_refetch && out.count(fill.item) != 0) in[fill.item] += fill.bytes;
    }
    CHECK(out == in);
    return;
  }
  FAIL("no capacity fits");
}

TEST_CASE("memory plan: a tile that was dropped comes back with the bytes that DRAM has of it", "[models]") {
  // Rows of an embedding table have 4 bits an element in DRAM and 8 in banks. Two layers far apart read them.
  Setup setup = crossbar_setup(2, 16, 16);
  setup.hardware.weight_bits = 4;
  NetworkBuilder b("twice");
  const std::string ids = b.input("ids", {64}, NetworkInput::Kind::indices);
  const std::string x = b.layer("table", Op::embedding, {ids}, Embedding{1000, 64});
  std::string y = b.linear("l0", x, {64, 64, false, {}});
  for (int n = 1; n < 5; ++n) y = b.linear("l" + std::to_string(n), y, {64, 64, false, {}});
  const auto program = test::make(b.build({b.add("sum", {b.linear("last", x, {64, 64, false, {}}), y})}), setup);
  int smaller = 0;
  for (std::int64_t capacity = 1; capacity < 24; ++capacity) {
    if (error_of([&] { plan_with(*program, capacity); })) continue;
    const MemoryPlan plan = plan_with(*program, capacity);
    std::set<ItemId> spilled;
    for (const Spill& spill : plan.spills) spilled.insert(spill.item);
    for (const Fill& fill : plan.fills) {
      if (!fill.is_refetch || spilled.count(fill.item) != 0) continue;
      REQUIRE(fill.item < program->work.tiles.size());
      const StoredTile& tile = program->work.tiles[fill.item];
      CHECK(fill.bytes == tile.dram_bytes);
      if (fill.bytes < tile.bytes) ++smaller;
    }
  }
  CHECK(smaller > 0);
}

TEST_CASE("memory plan: the tile that was not used for longest goes first", "[models]") {
  // One pod, five weight tiles A to E of 256 bytes, three blocks of rows; a bank holds four tiles.
  Setup setup = crossbar_setup(1, 32, 8);
  setup.tiling.partition_rows = 4;
  setup.hardware.banks.capacity_kib = 1;
  const Network network = test::one_linear(12, 32, 40);
  const TiledWorkload work = test::cut(network, setup);
  const Machine machine(setup.hardware);
  Schedule schedule = scheduler_registry().make(setup.scheduler)->schedule(work, machine, {});
  REQUIRE(schedule.main.size() == 15);
  const GemmTiles& gemm = work.gemms[0];
  // E finds A, B, C, D; A was used again since it came, so B goes.
  std::uint32_t round = 0;
  std::vector<std::int64_t> uses(5, 0);
  for (const char tile : std::string("ABCDAEABCDEBCDE")) {
    const std::int64_t k = tile - 'A';
    const std::uint32_t op = gemm.op(0, uses[static_cast<std::size_t>(k)]++, 0, k);
    schedule.main[op].round = round;
    for (PostPlacement& pass : schedule.post) {
      if (pass.in1.kind == PostSource::Kind::main_sum && pass.in1.index == op) pass.round = round + 1;
    }
    ++round;
  }
  const Program program = make_program(Machine(setup.hardware), work, std::move(schedule), true);
  const std::uint32_t first = work.operands[gemm.stationary].first_tile;
  std::vector<char> again;
  for (const Fill& fill : program.memory.fills) {
    if (!fill.is_refetch || fill.bank_class != BankClass::w) continue;
    for (std::int64_t k = 0; k < 5; ++k) {
      if (fill.item == gemm.stationary_tile(first, 0, 0, k)) again.push_back(static_cast<char>('A' + k));
    }
  }
  CHECK(again == std::vector<char>{'B'});
}

TEST_CASE("memory plan: an impossible capacity is refused, and the capacity it advises works", "[models]") {
  for (const std::string spill : {"lru", "off"}) {
    for (const int pods : {1, 3, 8}) {
      const auto program = test::make(residual_network(), crossbar_setup(pods, 16, 16));
      const auto error = error_of([&] { plan_with(*program, 1, spill); });
      CAPTURE(spill, pods);
      REQUIRE(error);
      CHECK(error->kind() == ErrorKind::run_failed);
      REQUIRE(error->issues().size() == 1);
      const Issue& issue = error->issues()[0];
      CHECK(issue.pointer == "/hardware/banks/capacity_kib");
      REQUIRE(issue.hint.rfind("at least ", 0) == 0);
      const std::int64_t advised = std::stoll(issue.hint.substr(9));
      CHECK(advised > 1);
      CHECK_FALSE(error_of([&] { plan_with(*program, advised, spill); }));
      // And it is the smallest that does.
      CHECK(error_of([&] { plan_with(*program, advised - 1, spill); }));
    }
  }
}

TEST_CASE("memory plan: with spill off nothing is ever written out to make room", "[models]") {
  const auto program = test::make(residual_network(), crossbar_setup(2, 16, 16));
  bool refused = false;
  for (std::int64_t capacity = 1; capacity < 64; ++capacity) {
    std::size_t spills = 0;
    const auto error = error_of([&] { spills = plan_with(*program, capacity, "off").spills.size(); });
    CHECK(spills == 0);
    const bool possible = !error_of([&] { plan_with(*program, capacity, "lru"); });
    if (error && possible) {
      refused = true;
      CHECK(std::string(error->what()).find("/hardware/spill") != std::string::npos);
    }
    // What fits without spilling fits with it.
    if (!error) CHECK(possible);
  }
  CHECK(refused);
}

TEST_CASE("memory plan: sizes of items follow tiles and partial sums", "[models]") {
  Setup setup = crossbar_setup(2, 8, 8);
  setup.hardware.partial_sum_bytes = 3;
  const auto program = test::make(test::one_linear(20, 20, 20), setup);
  const auto tiles = static_cast<ItemId>(program->work.tiles.size());
  for (ItemId tile = 0; tile < tiles; ++tile) {
    CHECK(item_bytes(program->work, program->schedule, program->machine, tile) == program->work.tiles[tile].bytes);
  }
  const GemmTiles& gemm = program->work.gemms[0];
  // The last operation: 20 = 2 x 8 + 4 rows and columns.
  CHECK(item_bytes(program->work, program->schedule, program->machine, tiles + gemm.op(0, 2, 2, 2)) == 4 * 4 * 3);
  CHECK(item_bytes(program->work, program->schedule, program->machine, tiles + gemm.op(0, 0, 0, 0)) == 8 * 8 * 3);
}

}  // namespace
}  // namespace podsim
