// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/finished_sweep.hpp"

#include <unistd.h>

#include <filesystem>

#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/sweep/sweep_result.hpp"
#include "support/catch.hpp"

using namespace podsim;

TEST_CASE("finished sweep: a file counts if it holds every point of this sweep or shard", "[sweep]") {
  std::string folder = (std::filesystem::temp_directory_path() / "podsim-finished-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  SweepPlan plan;
  plan.parameters = {"/a"};
  plan.spec = Json::object();
  plan.hash = "abc";
  for (int n = 0; n < 5; ++n) {
    plan.points.emplace_back();
    plan.points.back().values = {n};
    plan.points.back().workload = "zoo:\"x\",\ny";
  }
  SweepResult sweep{plan, std::vector<PointResult>(5, {"ok", "a,\"b\"\nc", Json::object()})};
  sweep.results[1].status = "timeout";
  for (const bool is_csv : {false, true}) {
    const std::string file = folder + (is_csv ? "/a.csv" : "/a.h5");
    const auto look = [&](const SweepPlan& of_plan, const std::optional<SweepShard>& shard = {}) {
      return finished_sweep(file, is_csv, of_plan, shard);
    };
    const auto store = [&](const SweepResult& result) {
      write_file(file, is_csv ? sweep_csv(result) : sweep_hdf5(result));
    };
    CHECK_FALSE(look(plan));  // there is none
    store(sweep);
    REQUIRE(look(plan));
    CHECK(look(plan)->points == 5);
    CHECK(look(plan)->points_ok == 4);
    CHECK_FALSE(look(plan, SweepShard{1, 2}));
    SweepPlan other = plan;
    other.hash = "abd";
    CHECK_FALSE(look(other));

    SweepResult shard = sweep;
    shard.shard = SweepShard{2, 2};
    store(shard);
    CHECK_FALSE(look(plan));
    CHECK_FALSE(look(plan, SweepShard{1, 2}));
    REQUIRE(look(plan, SweepShard{2, 2}));
    CHECK(look(plan, SweepShard{2, 2})->points == 2);
    CHECK(look(plan, SweepShard{2, 2})->points_ok == 1);

    SweepResult open = sweep;
    open.results[4] = {};
    store(open);
    CHECK_FALSE(look(plan));
    write_file(file, "something else");
    CHECK_FALSE(look(plan));
  }
  std::filesystem::remove_all(folder);
}
