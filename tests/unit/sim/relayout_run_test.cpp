// SPDX-License-Identifier: Apache-2.0
// Runs with relayout by circuits: copies take the cycles they should, and a missing one is found.

#include <algorithm>
#include <memory>
#include <string>

#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

test::Setup circuits(int pods, int rows, int cols) {
  test::Setup out = test::crossbar_setup(pods, rows, cols);
  out.hardware.relayout = "circuits";
  return out;
}

/// Image 3 x 9 x 9 -> 10 x 9 x 9 -> 4 x 5 x 5 by a kernel of 3, stride 2, padding 1.
Network two_convolutions() {
  NetworkBuilder builder("convolutions", 1);
  builder.input("in", {3, 9, 9});
  Conv2d first;
  first.in_channels = 3;
  first.out_channels = 10;
  first.kernel = {1, 1};
  builder.conv2d("a", "in", first);
  Conv2d second;
  second.in_channels = 10;
  second.out_channels = 4;
  second.kernel = {3, 3};
  second.stride = {2, 2};
  second.padding = {1, 1};
  builder.conv2d("b", "a", second);
  return builder.build({"b"});
}

/// Without the copy with this number.
Schedule without_copy(const Schedule& schedule, std::size_t which) {
  Schedule out = schedule;
  std::size_t copies = 0;
  for (std::size_t id = 0; id < out.post.size(); ++id) {
    if (out.post[id].kind != PostPlacement::Kind::copy || copies++ != which) continue;
    out.post.erase(out.post.begin() + static_cast<std::ptrdiff_t>(id));
    for (PostPlacement& pass : out.post) {
      for (PostSource* source : {&pass.in1, &pass.in2}) {
        if (source->kind == PostSource::Kind::post_sum && source->index > id) --source->index;
      }
    }
    break;
  }
  return out;
}

std::size_t copies_in(const Schedule& schedule) {
  return static_cast<std::size_t>(
      std::count_if(schedule.post.begin(), schedule.post.end(),
                    [](const PostPlacement& pass) { return pass.kind == PostPlacement::Kind::copy; }));
}

TEST_CASE("relayout: the checker finds a tile that is read without its copy, whatever the interlocks say", "[models]") {
  const test::Setup setup = circuits(4, 8, 8);
  const auto program = test::make(two_convolutions(), setup);
  REQUIRE(copies_in(program->schedule) > 3);
  Program broken = *program;
  broken.schedule = without_copy(program->schedule, 3);
  broken.order = order_by_round(broken.schedule);
  broken.memory = plan_memory(broken.work, broken.schedule, broken.order, broken.machine);
  const auto error = test::error_of([&] { simulate(broken, {}); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
  CHECK(std::string(error->what()).find("checker") != std::string::npos);
  CHECK(std::string(error->what()).find("(never)") != std::string::npos);
}

TEST_CASE("relayout: the published machine has no copies", "[models]") {
  test::Setup setup = circuits(4, 8, 8);
  setup.scheduler.parameters["published"] = true;
  const auto program = test::make(two_convolutions(), setup);
  CHECK(copies_in(program->schedule) == 0);
  test::Setup free = setup;
  free.hardware.relayout = "free";
  CHECK(simulate(*program, {}).cycles == simulate(*test::make(two_convolutions(), free), {}).cycles);
}

TEST_CASE("relayout: a copy makes its reader wait for exactly one more pass", "[models]") {
  // One output tile of 8 x 8, read by the one X tile of the next layer. Its bank is 0, that of the first layer's only
  // output too unless it is sent elsewhere: then v(copy) >= v(finalise) + D + L + 1 + 1 + L.
  NetworkBuilder builder("chain", 1);
  builder.input("in", {8, 8});
  builder.linear("a", "in", {8, 8, false, {}});
  builder.linear("b", "a", {8, 8, false, {}});
  const Network network = builder.build({"b"});
  test::Setup setup = circuits(2, 8, 8);
  const auto program = test::make(network, setup);
  REQUIRE(copies_in(program->schedule) == 0);
  const std::int64_t direct = simulate(*program, {}).cycles;

  // The same schedule, but the tile is written to terminal 1 and copied to bank 0 a round later.
  Program detour = *program;
  std::uint32_t finalize = 0;
  while (detour.schedule.post[finalize].operation != 0) ++finalize;
  PostPlacement copy = detour.schedule.post[finalize];
  detour.schedule.post[finalize].bank = 1;
  copy.kind = PostPlacement::Kind::copy;
  copy.in1 = {PostSource::Kind::post_sum, finalize};
  copy.in2 = {};
  copy.bank = 0;
  copy.round += 1;
  for (MainPlacement& place : detour.schedule.main) place.round += place.round > 1 ? 1 : 0;
  for (PostPlacement& pass : detour.schedule.post) pass.round += pass.operation == 1 ? 1 : 0;
  detour.schedule.post.push_back(copy);
  // In which round the second layer ran does not matter as long as it is later.
  for (MainPlacement& place : detour.schedule.main) {
    if (&place != &detour.schedule.main.front()) place.round = copy.round + 1;
  }
  for (PostPlacement& pass : detour.schedule.post) {
    if (pass.operation == 1) pass.round = copy.round + 2;
  }
  detour.order = order_by_round(detour.schedule);
  check_schedule(detour.schedule, detour.order, detour.work, detour.machine, true);
  detour.memory = plan_memory(detour.work, detour.schedule, detour.order, detour.machine);
  const RunResult result = simulate(detour, {});
  CHECK(result.relayout_copies == 1);
  CHECK(result.relayout_bytes == 64);
  CHECK(test::broken_identities(detour, result).empty());
  // The finalise pass was readable after D + L + 1 cycles. Now it is read (1), travels (L) and takes D + L + 1 again.
  const std::int64_t latency = 1, d = setup.hardware.post_processors.latency_cycles;
  CHECK(result.cycles - direct == 1 + latency + d + latency + 1);
}

}  // namespace
}  // namespace podsim
