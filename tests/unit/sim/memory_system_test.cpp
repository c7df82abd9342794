// SPDX-License-Identifier: Apache-2.0
// Warm weights, widths of elements, and DRAM with latency, in whole runs.
#include <algorithm>
#include <map>
#include <string>

#include "podsim/models/lower_bound.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;
using test::Setup;

Experiment experiment(const std::string& json) {
  return read_experiment(parse_json(json, "test.json"));
}

TEST_CASE("warm weights: ResNet-50 on the default machine moves no weight byte", "[sim]") {
  const Report cold = run_experiment(experiment(R"({"workload": "zoo:resnet50"})"), {});
  const Report warm = run_experiment(experiment(R"({"workload": "zoo:resnet50", "mapping": {"weights": "warm"}})"), {});
  CHECK(cold.result.dram.weight_bytes > 25000000);
  CHECK(warm.result.dram.weight_bytes == 0);
  CHECK(warm.result.dram.activation_bytes == cold.result.dram.activation_bytes);
  CHECK(warm.resident_weight_bytes == cold.result.dram.weight_bytes);
  CHECK(warm.result.cycles <= cold.result.cycles);
  // Only the image and the result are left of the bound: 224 x 224 x 3 and 1000 bytes at 1200 bytes per cycle.
  CHECK(warm.bound.dram == (224 * 224 * 3 + 1000 + 1199) / 1200);
  CHECK(cold.bound.dram > 20000);
}

TEST_CASE("warm weights: what does not fit is fetched once, and the rest stays", "[models]") {
  Setup setup = crossbar_setup(4, 16, 16);
  const Network network = load_network("zoo:bert_medium:sequence=8");
  for (const std::int64_t kib : {512, 2048, 4096, 8192}) {
    setup.hardware.banks.capacity_kib = kib;
    Machine machine(setup.hardware);
    TiledWorkload work = test::cut(network, setup);
    const std::int64_t all = work.weight_bytes;
    Schedule schedule = scheduler_registry().make(setup.scheduler)->schedule(work, machine, {});
    const Program program = make_program(machine, std::move(work), std::move(schedule), true, WeightResidency::warm);
    CAPTURE(kib);
    std::map<ItemId, int> fetched;
    std::int64_t weights = 0;
    for (const Fill& fill : program.memory.fills) {
      if (!program.work.operands[program.work.tiles[fill.item].operand].is_learned) continue;
      weights += fill.bytes;
      CHECK(++fetched[fill.item] == 1);
    }
    for (const ItemId item : program.memory.resident) CHECK(fetched.count(item) == 0);
    CHECK(weights + program.memory.resident_bytes == all);
    CHECK(program.memory.resident_bytes <= 4 * kib * 1024);
    if (4 * kib * 1024 > all + all / 4) {
      CHECK(weights == 0);
    } else {
      // An eighth is for streaming; little else lies in W banks here.
      CHECK(program.memory.resident_bytes > 4 * kib * 1024 * 3 / 4);
      CHECK(weights > 0);
    }
  }
}

TEST_CASE("warm weights: a run with weights partly resident breaks no rule", "[sim]") {
  for (const char* name : {"zoo:resnet50:image=32", "zoo:bert_medium:sequence=8"}) {
    Setup setup = crossbar_setup(4, 32, 32);
    setup.hardware.banks.capacity_kib = 1024;
    Machine machine(setup.hardware);
    const Network network = load_network(name);
    TiledWorkload work = test::cut(network, setup);
    Schedule schedule = scheduler_registry().make(setup.scheduler)->schedule(work, machine, {});
    const Program cold = make_program(machine, work, schedule, true);
    const Program warm = make_program(machine, work, schedule, true, WeightResidency::warm);
    REQUIRE(warm.memory.resident_bytes > 0);
    const RunResult a = simulate(cold, {}), b = simulate(warm, {});
    CAPTURE(name);
    CHECK(test::broken_identities(warm, b).empty());
    CHECK(b.dram.weight_bytes == a.dram.weight_bytes - warm.memory.resident_bytes);
    CHECK(b.cycles <= a.cycles);
    CHECK(b.peak_class_bytes[1] >= warm.memory.resident_bytes);
    CHECK(b.cycles >= lower_bound(warm.work.network, setup.hardware, WeightResidency::warm).limit());
  }
}

TEST_CASE("shared weights: layers with one weight set share its tiles", "[models]") {
  NetworkBuilder b("tied");
  const std::string x = b.input("x", {32, 64});
  const std::string y = b.linear("first", x, Linear{64, 64, false, {}});
  const Network network = b.build({b.linear("second", y, Linear{64, 64, false, "first"})});
  const auto program = test::make(network, crossbar_setup(4, 32, 32));
  REQUIRE(program->work.gemms.size() == 2);
  CHECK(program->work.gemms[0].stationary == program->work.gemms[1].stationary);
  CHECK(program->work.weight_bytes == 64 * 64);
  const RunResult result = simulate(*program, {});
  CHECK(result.dram.weight_bytes == 64 * 64);
  CHECK(test::broken_identities(*program, result).empty());
}

TEST_CASE("widths: traffic and capacity follow the bits of weights and activations, rounded up per tile", "[models]") {
  for (const int weight_bits : {4, 8, 16}) {
    for (const int activation_bits : {4, 8, 16}) {
      Setup setup = crossbar_setup(2, 8, 8);
      setup.hardware.weight_bits = weight_bits;
      setup.hardware.activation_bits = activation_bits;
      // k = n = 11 cut into 8 + 3, m = 9 into 8 + 1.
      const auto program = test::make(test::one_linear(9, 11, 11), setup);
      auto bytes = [](std::int64_t elements, int bits) { return (elements * bits + 7) / 8; };
      std::int64_t weights = 0, inputs = 0;
      for (const std::int64_t k : {8, 3}) {
        for (const std::int64_t n : {8, 3}) weights += bytes(k * n, weight_bits);
        for (const std::int64_t m : {8, 1}) inputs += bytes(m * k, activation_bits);
      }
      const RunResult result = simulate(*program, {});
      CAPTURE(weight_bits, activation_bits);
      CHECK(result.dram.weight_bytes == weights);
      CHECK(result.dram.activation_bytes == inputs);
      CHECK(result.dram.written_bytes == bytes(9 * 11, activation_bits));
      CHECK(result.peak_class_bytes[1] <= weights);
      // Rows at ports are rounded up one by one: rows of 8 and of 3 elements.
      std::int64_t read = 0;
      for (const std::int64_t rows : {8, 3}) read += rows * (bytes(8, weight_bits) + bytes(3, weight_bits));
      CHECK(result.banks[1].read_bytes == 2 * read);  // once for each block of m
      CHECK(result.cycles >= lower_bound(program->work.network, setup.hardware).limit());
    }
  }
}

TEST_CASE("widths: eight bits are the machine as it was, four halve the DRAM bound of weights", "[models]") {
  const LoweredNetwork network = lower(load_network("zoo:resnet50"));
  HardwareConfig hardware;
  const std::int64_t bytes = 25502912;  // weights of convolutions and of the classifier, without biases
  const std::int64_t rest = 224 * 224 * 3 + 1000;
  CHECK(lower_bound(network, hardware).dram == (bytes + rest + 1199) / 1200);
  hardware.weight_bits = 4;
  CHECK(lower_bound(network, hardware).dram == (bytes / 2 + rest + 1199) / 1200);
  hardware.activation_bits = 16;
  CHECK(lower_bound(network, hardware).dram == (bytes / 2 + 2 * rest + 1199) / 1200);
}

TEST_CASE("dram latency: without latency and with one channel a run is that of the bandwidth model", "[sim]") {
  for (const char* name : {"zoo:resnet50:image=32", "zoo:gpt2_small_decode:context=4"}) {
    for (const std::int64_t kib : {64, 4096}) {
      Setup setup = crossbar_setup(8, 32, 32);
      setup.hardware.banks.capacity_kib = kib;
      setup.hardware.dram.bandwidth_gb_per_s = 37.7;
      const Network network = load_network(name);
      const auto plain = test::make(network, setup);
      setup.hardware.dram.model = {"latency",
                                   {{"channels", 1}, {"latency_cycles", 0}, {"queue_depth", 1}, {"burst_bytes", 1}}};
      const auto other = test::make(network, setup);
      CAPTURE(name, kib);
      CHECK(test::difference(simulate(*plain, {}), simulate(*other, {})).empty());
    }
  }
}

TEST_CASE("dram latency: the order of processes does not matter, and latency never helps", "[sim]") {
  Setup setup = crossbar_setup(8, 32, 32);
  setup.hardware.banks.capacity_kib = 64;
  const Network network = load_network("zoo:resnet50:image=32");
  const RunResult plain = simulate(*test::make(network, setup), {});
  for (const char* by : {"item", "address"}) {
    setup.hardware.dram.model = {"latency", {{"channel_of", by}}};
    const auto program = test::make(network, setup);
    const RunResult result = simulate(*program, {});
    CAPTURE(by);
    CHECK(test::broken_identities(*program, result).empty());
    CHECK(result.cycles > plain.cycles);
    CHECK(result.dram.read_bytes == plain.dram.read_bytes);
    REQUIRE(result.dram.channels.size() == 80);
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      RunOptions options;
      options.shuffle_seed = seed;
      CHECK(test::difference(result, simulate(*program, options)).empty());
    }
  }
}

TEST_CASE("memory plan: with less capacity at least as much is spilled, for networks of all kinds", "[models]") {
  int spilling = 0;
  for (const char* name : {"zoo:resnet50:image=64", "zoo:bert_medium:sequence=64", "zoo:densenet121:image=64",
                           "zoo:mobilenet_v2:image=64"}) {
    const auto program = test::make(load_network(name), crossbar_setup(8, 32, 32));
    auto spilled_with = [&program](std::int64_t kib) {
      HardwareConfig hardware = program->machine.config;
      hardware.banks.capacity_kib = kib;
      return plan_memory(program->work, program->schedule, program->order, Machine(hardware)).spilled_bytes;
    };
    const auto impossible = test::error_of([&] { spilled_with(1); });
    REQUIRE(impossible);
    CHECK(impossible->kind() == ErrorKind::run_failed);
    const std::string hint = impossible->issues()[0].hint;
    REQUIRE(hint.rfind("at least ", 0) == 0);
    const std::int64_t smallest = std::stoll(hint.substr(9));
    const std::int64_t step = std::max<std::int64_t>(1, smallest / 8);
    std::int64_t before = 0;
    for (std::int64_t steps = 32; steps >= 0; --steps) {
      const std::int64_t kib = smallest + steps * step;
      const std::int64_t bytes = spilled_with(kib);
      CAPTURE(name, kib, smallest);
      CHECK(bytes >= before);
      before = bytes;
    }
    if (before > 0) ++spilling;
  }
  CHECK(spilling >= 2);
}

// With a dilation of 2 every row of the im2col matrix shares most of its elements with others, and some tiles of it
// take no byte of their own. There is nothing to win by evicting them.
TEST_CASE("banks: a tile that takes no space of its own stays until its last use", "[sim]") {
  const std::string workload = std::string(PODSIM_TEST_DATA) + "/workloads/dilated.json";
  const Experiment small = experiment(R"({"workload": ")" + workload + R"(",
      "hardware": {"pods": {"count": 5, "rows": 7, "cols": 26, "weight_buffers": "single"},
                   "banks": {"capacity_kib": 2}, "interconnect": {"type": "butterfly", "expansion": 4},
                   "post_processors": {"count": 6}, "dram": {"bandwidth_gb_per_s": 40}, "weight_bits": 4},
      "mapping": {"scheduler": "layer_sequential"}})");
  const std::unique_ptr<Program> program = prepare(small, {});
  std::int64_t without_space = 0;
  for (const StoredTile& tile : program->work.tiles) without_space += tile.bytes == 0 ? 1 : 0;
  CHECK(without_space > 0);
  const RunResult result = simulate(*program, {});
  CHECK(result.dram.spilled_bytes > 0);
  CHECK(test::broken_identities(*program, result).empty());
}

}  // namespace
}  // namespace podsim
