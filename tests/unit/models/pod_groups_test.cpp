// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/pod_groups.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "podsim/models/lower_bound.hpp"
#include "podsim/models/placement.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::crossbar_setup;
using test::cut;
using test::error_of;
using test::Setup;

PodConfig pods(std::string name, int count, int rows, int cols) {
  PodConfig out;
  out.name = std::move(name);
  out.count = count;
  out.rows = rows;
  out.cols = cols;
  return out;
}

Setup two_groups(const PodConfig& a, const PodConfig& b) {
  Setup setup = crossbar_setup(1, 1, 1);
  setup.hardware.pods.groups = {a, b};
  return setup;
}

/// `count` linear layers, each with an input of its own: [8, 8] -> [8, 8].
Network independent_layers(int count) {
  NetworkBuilder b("independent");
  std::vector<std::string> outputs;
  for (int n = 0; n < count; ++n) {
    const std::string x = b.input("x" + std::to_string(n), {8, 8});
    outputs.push_back(b.linear("fc" + std::to_string(n), x, {8, 8, false, {}}));
  }
  return b.build(outputs);
}

std::vector<int> groups_of(const TiledWorkload& work) {
  std::vector<int> out;
  for (const GemmTiles& gemm : work.gemms) out.push_back(gemm.pod_group);
  return out;
}

TEST_CASE("pod groups: a layer goes where the mapping says, and is cut for that group", "[models]") {
  Setup setup = two_groups(pods("small", 4, 4, 2), pods("large", 2, 8, 8));
  setup.tiling.pod_groups = {{"fc0", "large"}, {"fc1", "small"}, {"*", "large"}};
  const TiledWorkload work = cut(independent_layers(3), setup);
  REQUIRE(work.gemms.size() == 3);
  CHECK(groups_of(work) == std::vector<int>{1, 0, 1});
  // 8 x 8 x 8 on arrays of 8 x 8, partitions of 8 rows: one tile operation. On 4 x 2, partitions of 4: 2 x 2 x 4.
  CHECK(work.gemms[0].op_count == 1);
  CHECK(work.gemms[1].op_count == 16);
  CHECK(work.gemms[1].tile_m == 4);
  CHECK(work.gemms[1].tile_k == 4);
  CHECK(work.gemms[1].tile_n == 2);
}

TEST_CASE("pod groups: without a mapping, a layer goes where it is done first", "[models]") {
  // Equal groups take independent layers in turn.
  CHECK(groups_of(cut(independent_layers(5), two_groups(pods("", 1, 8, 8), pods("", 1, 8, 8)))) ==
        std::vector<int>{0, 1, 0, 1, 0});

  // Operations that take 5 rounds on the first group, 2 on the other: the third one costs 1 beyond round 3 on the
  // first.
  const LoweredNetwork network = lower(independent_layers(5));
  const HardwareConfig hardware = two_groups(pods("", 1, 8, 8), pods("", 1, 8, 8)).hardware;
  const auto estimate = [](int, int group) { return GroupEstimate{group == 0 ? 5 : 2, 1, 0}; };
  const std::vector<std::vector<int>> independent(5);
  CHECK(choose_groups(network, independent, hardware, {}, true, estimate) == std::vector<int>{1, 1, 0, 1, 1});
  // In a chain nothing is gained by the slower group; a layer that is sent there holds up the rest.
  const std::vector<std::vector<int>> chain{{}, {0}, {1}, {2}, {3}};
  CHECK(choose_groups(network, chain, hardware, {}, true, estimate) == std::vector<int>{1, 1, 1, 1, 1});
  CHECK(choose_groups(network, chain, hardware, {{"fc2", "0"}}, true, estimate) == std::vector<int>{1, 1, 0, 1, 1});
  // Nor if the scheduler lets no two layers overlap.
  CHECK(choose_groups(network, independent, hardware, {}, false, estimate) == std::vector<int>{1, 1, 1, 1, 1});
}

TEST_CASE("pod groups: long rounds beside short ones count for what they add to them", "[models]") {
  const LoweredNetwork network = lower(independent_layers(2));
  const HardwareConfig hardware = two_groups(pods("", 1, 8, 8), pods("", 1, 8, 8)).hardware;
  const std::vector<std::vector<int>> independent(2);
  // The first takes 4 rounds of 10 cycles. The second adds as much after it, or makes 2 of these rounds longer.
  for (const auto& [long_round, second] : std::vector<std::pair<int, int>>{{24, 1}, {30, 1}, {31, 0}, {35, 0}}) {
    const auto estimate = [length = long_round](int, int group) {
      return group == 0 ? GroupEstimate{4, 10, 0} : GroupEstimate{2, length, 0};
    };
    CHECK(choose_groups(network, independent, hardware, {}, true, estimate) == std::vector<int>{0, second});
  }
  // The latency of the arrays counts as well.
  const auto slow_drain = [](int, int group) { return GroupEstimate{1, 10, group == 0 ? 12 : 1}; };
  CHECK(choose_groups(network, {{}, {0}}, hardware, {}, true, slow_drain) == std::vector<int>{1, 1});
}

TEST_CASE("pod groups: vector operations are cut like what they read", "[models]") {
  NetworkBuilder b("softmax");
  const std::string x = b.input("x", {20, 8});
  const std::string y = b.linear("fc", x, {8, 16, false, {}});
  const Network network = b.build({b.unary("p", Op::softmax, y)});
  Setup setup = two_groups(pods("small", 1, 4, 4), pods("large", 1, 10, 16));
  for (const auto& [group, rows, cols] :
       std::vector<std::tuple<std::string, int, int>>{{"small", 4, 4}, {"large", 10, 16}}) {
    setup.tiling.pod_groups = {{"fc", group}};
    const TiledWorkload work = cut(network, setup);
    REQUIRE(work.vectors.size() == 1);
    CHECK(work.vectors[0].i_count == 20 / rows);
    CHECK(work.vectors[0].k_count == 16 / cols);
  }
}

TEST_CASE("pod groups: unknown layers and groups are all reported, with a suggestion", "[models]") {
  Setup setup = two_groups(pods("small", 1, 8, 8), pods("", 1, 8, 8));
  setup.tiling.pod_groups = {{"fc0", "smal"}, {"fc9", "1"}, {"*", "2"}};
  const auto error = error_of([&] { cut(independent_layers(2), setup); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::bad_input);
  REQUIRE(error->issues().size() == 3);
  const std::string text = error->what();
  CHECK(text.find("/mapping/pod_groups/fc0: the machine has no group of pods \"smal\" (allowed: small, 1); did you "
                  "mean \"small\"?") != std::string::npos);
  CHECK(text.find("/mapping/pod_groups/*: the machine has no group of pods \"2\"") != std::string::npos);
  CHECK(text.find("\"independent\" has no layer \"fc9\"") != std::string::npos);
  CHECK(text.find("did you mean \"fc0\"?") != std::string::npos);
  // Also where there is nothing to choose.
  Setup plain = crossbar_setup(2, 8, 8);
  plain.tiling.pod_groups = {{"fc0", "small"}};
  CHECK(error_of([&] { cut(independent_layers(2), plain); }));
  plain.tiling.pod_groups = {{"fc0", "0"}};
  CHECK_FALSE(error_of([&] { cut(independent_layers(2), plain); }));
}

TEST_CASE("pod groups: operations are placed on pods of their group, and a full group holds up no other", "[models]") {
  // fc0 has 16 tile operations for the 2 small pods, fc1 one for the large one.
  Setup setup = two_groups(pods("small", 2, 4, 2), pods("large", 1, 8, 8));
  setup.hardware.banks.count = 16;
  setup.hardware.post_processors.count = 16;
  setup.tiling.pod_groups = {{"fc0", "small"}, {"fc1", "large"}};
  const Network network = independent_layers(2);
  for (const char* scheduler : {"sosa_greedy", "layer_sequential"}) {
    setup.scheduler.type = scheduler;
    const auto program = test::make(network, setup);
    REQUIRE(program->work.op_count == 17);
    std::uint32_t last = 0;
    for (std::uint32_t op = 0; op < 16; ++op) {
      CHECK(program->schedule.main[op].pod < 2);
      last = std::max(last, program->schedule.main[op].round);
    }
    CHECK(last >= 7);  // two at a time
    CHECK(program->schedule.main[16].pod == 2);
    // It needs X bank 0, as the first tiles of fc0 do, but nothing else that these take.
    if (setup.scheduler.type == "sosa_greedy") CHECK(program->schedule.main[16].round < last);
  }
}

TEST_CASE("pod groups: a schedule that uses a pod of another group is refused", "[models]") {
  Setup setup = two_groups(pods("small", 1, 8, 8), pods("large", 1, 16, 16));
  setup.tiling.pod_groups = {{"fc0", "small"}, {"fc1", "large"}};
  auto program = test::make(independent_layers(2), setup);
  Schedule schedule = program->schedule;
  REQUIRE(schedule.main[0].pod == 0);
  REQUIRE(schedule.main[1].pod == 1);
  std::swap(schedule.main[0].pod, schedule.main[1].pod);
  const auto error =
      error_of([&] { check_schedule(schedule, order_by_round(schedule), program->work, program->machine, false); });
  REQUIRE(error);
  CHECK(std::string(error->what())
            .find("tile operation 0 is on pod 1 of group \"large\"; it was cut for group \"small\"") !=
        std::string::npos);
}

TEST_CASE("pod groups: the lower bound takes the cheapest kind of pod for every layer", "[models]") {
  // One layer: 100 x 24 x 20 takes 3 x 3 arrays of 8 x 8, or 1 x 2 of 24 x 16; every one 100 rows.
  const Setup setup = two_groups(pods("", 5, 8, 8), pods("", 2, 24, 16));
  const std::int64_t pes = 5 * 8 * 8 + 2 * 24 * 16;
  const LowerBound one = lower_bound(lower(test::one_linear(100, 24, 20)), setup.hardware);
  CHECK(one.mac == ceil_div(100 * 24 * 20, pes));
  CHECK(one.work == std::max(ceil_div(2 * 100, 7), ceil_div(std::min(9 * 100 * 8 * 8, 2 * 100 * 24 * 16), pes)));
  CHECK(one.load == std::max(ceil_div(2 * 24, 7), ceil_div(std::min(3 * 24 * 8 * 8, 2 * 24 * 24 * 16), pes)));
  for (const char* source : {"zoo:mobilenet_v2:image=32", "zoo:bert_medium:sequence=16"}) {
    const Network network = load_network(source);
    const LowerBound bound = lower_bound(lower(network), setup.hardware);
    const test::LayerBounds layers = test::layer_bounds(network, setup.hardware);
    CHECK(bound.mac == layers.mac);
    CHECK(bound.work == layers.work);
    CHECK(bound.load == layers.load);
  }
}

}  // namespace
}  // namespace podsim
