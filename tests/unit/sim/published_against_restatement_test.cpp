// SPDX-License-Identifier: Apache-2.0
// The published rules against a second statement of them (tests/support/published_restatement.hpp), which shares no
// code with them: random layers, dependencies and machines.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "podsim/models/published/run.hpp"
#include "podsim/models/published/workload.hpp"
#include "podsim/sim/core/random.hpp"
#include "podsim/sim/published_raw_results.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/published_restatement.hpp"

namespace podsim {
namespace {

using test::RestatedLayer;
using test::RestatedMachine;

struct Case {
  std::vector<RestatedLayer> layers;
  RestatedMachine machine;
};

std::vector<published::GemmLayer> as_published(const std::vector<RestatedLayer>& layers) {
  std::vector<published::GemmLayer> out;
  for (const RestatedLayer& layer : layers) {
    published::GemmLayer own;
    own.name = "layer" + std::to_string(out.size());
    own.gemm = {layer.m, layer.k, layer.n, 1};
    own.kernel_area = layer.kernel_area;
    own.dependencies = layer.deps;
    own.reads_network_input = layer.raw_input;
    out.push_back(own);
  }
  return out;
}

published::MachineConfig as_published(const RestatedMachine& machine) {
  published::MachineConfig out;
  out.pods = machine.pods;
  out.rows = machine.rows;
  out.cols = machine.cols;
  out.bank_bytes = machine.bank_bytes;
  out.bandwidth_giga_per_s = machine.bandwidth_gib_per_s;
  out.prefetch_rounds = machine.prefetch_rounds;
  out.partition_rows = machine.partition;
  const std::string banyan = "banyan_exp_";
  if (machine.interconnect == "benes_copy") {
    out.interconnect = {"benes", Json::object()};
  } else if (machine.interconnect.compare(0, banyan.size(), banyan) == 0) {
    out.interconnect = {"butterfly", Json{{"expansion", 1 << std::stoi(machine.interconnect.substr(banyan.size()))}}};
  } else {
    out.interconnect = {machine.interconnect, Json::object()};
  }
  return out;
}

/// Which kinds of cases came up.
struct Seen {
  int finished = 0, failed = 0, stalled = 0, with_adds = 0, sums_over_dram = 0;
  int waited_long = 0;  ///< before round 0, longer than is allowed between rounds
};

/// A run that finishes is compared in all nine figures and in bytes of P. Of one that does not, neither side says more
/// than that, where the schedule ends and how many tile operations there are.
void check(const Case& example, Seen& seen) {
  const published::RunResult ours = published::run(as_published(example.layers), as_published(example.machine));
  const test::RestatedRun restated = test::restate_published(example.layers, example.machine);
  REQUIRE(ours.cycles == restated.cycles);
  REQUIRE(ours.last_main_round == restated.last_main_round);
  REQUIRE(ours.last_post_round == restated.last_post_round);
  REQUIRE(ours.tile_operations == restated.tile_ops);
  REQUIRE((ours.cycles < 0) == !ours.failure.empty());
  if (ours.cycles < 0) {
    ++seen.failed;
    return;  // what was counted until it gave up is nobody's result
  }
  REQUIRE(ours.ops == restated.ops);
  REQUIRE(ours.post_ops == restated.post_ops);
  REQUIRE(ours.memory_stall_cycles == restated.memory_stall_cycles);
  REQUIRE(ours.x_bytes == restated.x_bytes);
  REQUIRE(ours.w_bytes == restated.w_bytes);
  // Sums that are being written back when the run ends are counted to the byte, give or take rounding.
  REQUIRE(std::llabs(ours.p_bytes - restated.p_bytes) <= 1);
  ++seen.finished;
  if (ours.memory_stall_cycles > 0) ++seen.stalled;
  if (ours.last_post_round > 0) ++seen.with_adds;
  if (ours.p_bytes > 0) ++seen.sums_over_dram;
  const bool one_round = ours.last_main_round == 0 && ours.last_post_round == 0;
  if (one_round && ours.memory_stall_cycles > 100 * example.machine.rows) ++seen.waited_long;
}

/// Any of these values.
template <class T, std::size_t N>
T any_of(RandomStream& random, const std::array<T, N>& values) {
  return values[random.below(N)];
}

std::int64_t between(RandomStream& random, std::int64_t first, std::int64_t last) {
  return first + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last - first + 1)));
}

RestatedMachine random_machine(RandomStream& random) {
  RestatedMachine machine{};
  machine.pods = any_of(random, std::array{2, 3, 4, 5, 8, 13, 16, 32});
  machine.rows = any_of(random, std::array{1, 2, 4, 8, 16, 32, 48});
  machine.cols = any_of(random, std::array{4, 8, 16, 32});
  machine.partition = random.below(3) == 0 ? between(random, 1, 40) : 0;
  machine.bandwidth_gib_per_s = any_of(random, std::array{0.05, 0.4, 1.5, 10.0, 77.0, 300.0, 1200.0});
  machine.prefetch_rounds = any_of(random, std::array{1, 2, 3, 7, 100});
  machine.interconnect = any_of(random, std::array<std::string, 7>{"crossbar", "bus", "benes_copy", "banyan_exp_0",
                                                                   "banyan_exp_1", "banyan_exp_2", "banyan_exp_3"});
  // From just enough for a tile to plenty.
  const std::int64_t activation_rows = machine.partition > 0 ? machine.partition : machine.rows;
  const std::int64_t tile = std::max({activation_rows * machine.rows, std::int64_t{1} * machine.rows * machine.cols,
                                      2 * activation_rows * machine.cols});
  machine.bank_bytes = random.below(3) == 0 ? 262144 : tile * between(random, 1, 6);
  return machine;
}

std::vector<RestatedLayer> random_layers(RandomStream& random, const RestatedMachine& machine) {
  std::vector<RestatedLayer> layers;
  const std::int64_t count = between(random, 1, 6);
  for (std::int64_t l = 0; l < count; ++l) {
    RestatedLayer layer{};
    layer.m = between(random, 1, 6 * machine.rows);
    layer.k = between(random, 1, 6 * machine.rows);
    layer.n = between(random, 1, 6 * machine.cols);
    layer.kernel_area = any_of(random, std::array<std::int64_t, 4>{1, 1, 9, 25});
    layer.raw_input = l == 0 || random.below(4) == 0;
    for (std::int64_t d = 0; d < l; ++d) {
      if (random.below(2) == 0) layer.deps.push_back(static_cast<int>(d));
    }
    layers.push_back(layer);
  }
  return layers;
}

TEST_CASE("published run: random layers and machines run as by the second statement of the rules", "[sim]") {
  RandomStream random(1, "published rules");
  Seen seen;
  // Every second machine or so is too small or too slow for its layers. Those are compared, too, but do not count.
  for (int n = 0; seen.finished < 500; ++n) {
    REQUIRE(n < 2500);
    CAPTURE(n);
    Case example;
    example.machine = random_machine(random);
    example.layers = random_layers(random, example.machine);
    CAPTURE(example.machine.pods, example.machine.rows, example.machine.cols, example.machine.bank_bytes,
            example.machine.bandwidth_gib_per_s, example.machine.prefetch_rounds, example.machine.partition,
            example.machine.interconnect, example.layers.size());
    check(example, seen);
  }
  WARN(seen.finished << " random lists finished and were compared in all figures, " << seen.failed
                     << " others failed by both statements");
  // The cases are worth something.
  CHECK(seen.failed > 100);
  CHECK(seen.stalled > 100);
  CHECK(seen.with_adds > 100);
  CHECK(seen.sums_over_dram > 30);
}

TEST_CASE("published run: slow memory before round 0 runs as by the second statement of the rules", "[sim]") {
  RandomStream random(3, "published rules");
  Seen seen;
  for (int n = 0; n < 200; ++n) {
    CAPTURE(n);
    Case example;
    example.machine = random_machine(random);
    example.machine.bandwidth_gib_per_s = any_of(random, std::array{0.003, 0.01, 0.03, 0.1});
    example.machine.bank_bytes = 262144;
    example.machine.prefetch_rounds = 100;
    // One tile per pod at most: a single round, so that only the wait before it counts.
    RestatedLayer layer{};
    const std::int64_t rows = example.machine.partition > 0 ? example.machine.partition : example.machine.rows;
    layer.m = between(random, 1, rows);
    layer.k = between(random, 1, example.machine.rows);
    layer.n = between(random, 1, 2 * example.machine.cols);
    layer.kernel_area = 1;
    layer.raw_input = true;
    example.layers = {layer};
    CAPTURE(example.machine.pods, example.machine.rows, example.machine.cols, example.machine.bandwidth_gib_per_s,
            example.machine.partition, example.machine.interconnect, layer.m, layer.k, layer.n);
    check(example, seen);
  }
  CHECK(seen.waited_long > 50);
}

/// Changes a few layers of a list a little.
void perturb(std::vector<RestatedLayer>& layers, RandomStream& random) {
  for (int change = 0; change < 5; ++change) {
    const auto l = static_cast<std::size_t>(random.below(layers.size()));
    RestatedLayer& layer = layers[l];
    switch (random.below(5)) {
      case 0:
        layer.m = std::max<std::int64_t>(1, layer.m + between(random, -40, 40));
        break;
      case 1:
        layer.k = std::max<std::int64_t>(1, layer.k + between(random, -40, 40));
        break;
      case 2:
        layer.n = std::max<std::int64_t>(1, layer.n + between(random, -40, 40));
        break;
      case 3:
        if (!layer.deps.empty()) layer.deps.pop_back();
        break;
      default:
        if (l > 0) layer.deps.push_back(static_cast<int>(random.below(l)));
    }
  }
}

std::vector<RestatedLayer> restated_layers(const std::string& source) {
  std::vector<RestatedLayer> layers;
  for (const published::GemmLayer& layer : published::workload_of(load_network(source))) {
    layers.push_back(
        {layer.gemm.m, layer.gemm.k, layer.gemm.n, layer.kernel_area, layer.dependencies, layer.reads_network_input});
  }
  return layers;
}

/// The seven networks of the published runs, at their size.
std::vector<std::string> published_networks() {
  std::vector<std::string> sources;
  for (const published::RawResult& raw : published::raw_results()) {
    const std::string& source = raw.network_source();
    if (std::find(sources.begin(), sources.end(), source) == sources.end()) sources.push_back(source);
  }
  return sources;
}

const std::array<std::string, 4> kPublishedInterconnects{"crossbar", "banyan_exp_0", "banyan_exp_1", "benes_copy"};

TEST_CASE("published run: networks with changed layers run as by the second statement of the rules", "[sim]") {
  RandomStream random(2, "published rules");
  Seen seen;
  const std::vector<std::string> sources = published_networks();
  REQUIRE(sources.size() == 7);
  for (const std::string& source : sources) {
    const std::vector<RestatedLayer> layers = restated_layers(source);
    for (const std::string& interconnect : kPublishedInterconnects) {
      Case example;
      example.machine = {any_of(random, std::array{32, 61, 64}),
                         32,
                         32,
                         any_of(random, std::array<std::int64_t, 2>{65536, 262144}),
                         any_of(random, std::array{300.0, 1200.0}),
                         any_of(random, std::array{10, 100}),
                         0,
                         interconnect};
      example.layers = layers;
      perturb(example.layers, random);
      CAPTURE(source, interconnect, example.machine.pods, example.machine.bank_bytes, example.machine.prefetch_rounds,
              example.machine.bandwidth_gib_per_s);
      check(example, seen);
      CHECK(seen.failed == 0);
    }
  }
  CHECK(seen.finished == 28);
}

TEST_CASE("published run: networks that banks cannot hold fail by both statements of the rules", "[sim]") {
  // Banks of 4 KiB hold four tiles of W or X, or two of sums, and tiles are fetched a round ahead only.
  Seen seen;
  for (const char* source : {"zoo:resnet50:image=64,variant=v1", "zoo:densenet121:image=64"}) {
    const std::vector<RestatedLayer> layers = restated_layers(source);
    for (const std::string& interconnect : kPublishedInterconnects) {
      CAPTURE(source, interconnect);
      check({layers, {32, 32, 32, 4096, 1200.0, 2, 0, interconnect}}, seen);
    }
  }
  CHECK(seen.failed == 8);
}

}  // namespace
}  // namespace podsim
